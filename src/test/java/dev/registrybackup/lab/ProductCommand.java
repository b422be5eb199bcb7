package dev.registrybackup.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The product's jar as a command that ended.
 *
 * @param code its exit code
 * @param output what it wrote to its standard output
 * @param errors what it wrote to its standard error
 */
public record ProductCommand(int code, String output, String errors) {
    private static final Duration BOUND = Duration.ofMinutes(5);

    /** Runs it to its end. */
    public static ProductCommand run(Map<String, String> environment, String... arguments) {
        try (TemporaryDirectory directory = TemporaryDirectory.create("command")) {
            Path output = directory.path().resolve("output");
            Path errors = directory.path().resolve("errors");
            List<String> command = new ArrayList<>(Product.command(List.of("-Xmx128m")));
            command.addAll(List.of(arguments));
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            if (!process.waitFor(BOUND.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException("%s did not end within %s".formatted(command, BOUND));
            }
            return new ProductCommand(
                    process.exitValue(),
                    Files.readString(output, StandardCharsets.UTF_8),
                    Files.readString(errors, StandardCharsets.UTF_8));
        } catch (IOException cause) {
            throw new UncheckedIOException("Failed to run the product", cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Stopped while the product ran", e);
        }
    }
}
