package dev.registrybackup.lab;

import io.restassured.RestAssured;
import io.restassured.specification.RequestSpecification;
import java.net.URI;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Events as Ceph RGW and a broker send them. */
public final class Events {

    private Events() {}

    /** The notification of Ceph RGW that these objects were created. */
    public static String notification(String bucket, String... keys) {
        return Arrays.stream(keys)
                .map(key -> """
                        {"eventVersion":"2.2","eventSource":"ceph:s3","eventTime":"2026-11-22T07:03:31.880966Z",\
                        "eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"%s"},"object":{"key":"%s","size":1}}}""".formatted(bucket, key))
                .collect(Collectors.joining(",", "{\"Records\":[", "]}"));
    }

    /** A CloudEvent of this type to a service, whose data and path are still to be given. */
    public static RequestSpecification cloudEvent(URI service, String type) {
        return RestAssured.given()
                .baseUri(service.toString())
                .headers("ce-id", "1", "ce-specversion", "1.0", "ce-source", "test", "ce-type", type)
                .contentType("application/json");
    }
}
