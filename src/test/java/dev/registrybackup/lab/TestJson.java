package dev.registrybackup.lab;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Parses JSON in tests. */
public final class TestJson {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private TestJson() {}

    /** Parses an object that is written with apostrophes for quotation marks. */
    public static ObjectNode object(String text) {
        return (ObjectNode) parse(text);
    }

    /** Parses JSON that is written with apostrophes for quotation marks. */
    public static JsonNode parse(String text) {
        try {
            return MAPPER.readTree(text.replace('\'', '"'));
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to parse " + text, e);
        }
    }

    /** Parses the content of an object in a store. */
    public static JsonNode parse(byte[] content) {
        try {
            return MAPPER.readTree(content);
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to parse JSON of %d bytes".formatted(content.length), e);
        }
    }
}
