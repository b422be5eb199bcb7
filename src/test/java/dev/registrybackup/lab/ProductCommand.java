package dev.registrybackup.lab;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;

/**
 * The product's jar as a command that ended.
 *
 * @param code its exit code
 * @param output what it wrote to its standard output
 * @param errors what it wrote to its standard error
 */
public record ProductCommand(int code, String output, String errors) {

    /** Runs it to its end. */
    public static ProductCommand run(Map<String, String> environment, String... arguments) {
        try (RunningCommand running = RunningCommand.start(environment, arguments)) {
            return running.ended();
        }
    }

    /** The last line of its standard output, which with {@code --json} is the answer. */
    public JsonNode json() {
        String[] lines = output.strip().split("\n", -1);
        try {
            return new ObjectMapper().readTree(lines[lines.length - 1]);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("No JSON was the last line of " + this, e);
        }
    }
}
