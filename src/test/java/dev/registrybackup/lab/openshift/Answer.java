package dev.registrybackup.lab.openshift;

import com.fasterxml.jackson.databind.JsonNode;

/** What is answered: an HTTP status and a body; a text node is sent as plain text. */
record Answer(int status, JsonNode body) {

    static Answer ok(JsonNode body) {
        return new Answer(200, body);
    }

    static Answer created(JsonNode body) {
        return new Answer(201, body);
    }
}
