package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** The log of one rclone run: JSON lines, except the last line, which 1.60 writes as plain text. */
final class RcloneLog {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_MESSAGE_LENGTH = 400;

    // 1.60 calls its notices warnings, later versions notices.
    private static final Set<String> HARMLESS_LEVELS = Set.of("debug", "info", "notice", "warning");

    private static final Pattern PLAIN_TIME = Pattern.compile("^\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d (\\w+ *: )?");

    // This has a harmless level, but means that some files were not listed.
    private static final Pattern NOT_LISTED = Pattern.compile("can't follow symlink.*", Pattern.CASE_INSENSITIVE);

    private Optional<String> error = Optional.empty();

    private RcloneLog() {}

    /** Reads the complete file line by line. */
    static RcloneLog read(Path file) throws IOException {
        RcloneLog log = new RcloneLog();
        try (BufferedReader lines = Files.newBufferedReader(file, UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                log.parseLine(line);
            }
        }
        return log;
    }

    /** The first error. */
    Optional<String> error() {
        return error;
    }

    private void parseLine(String line) {
        if (!line.isBlank()) {
            parseJson(line).ifPresentOrElse(this::parseRecord, () -> parsePlain(line));
        }
    }

    private static Optional<JsonNode> parseJson(String line) {
        try {
            return Optional.ofNullable(JSON.readTree(line)).filter(JsonNode::isObject);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    private void parseRecord(JsonNode entry) {
        String message = entry.path("msg").asText();
        String level = entry.path("level").asText().toLowerCase(Locale.ROOT);
        if (!HARMLESS_LEVELS.contains(level) || NOT_LISTED.matcher(message).lookingAt()) {
            setError(message);
        }
    }

    private void parsePlain(String line) {
        setError(PLAIN_TIME.matcher(line).replaceFirst(""));
    }

    private void setError(String message) {
        if (error.isEmpty()) {
            String words = message.strip().replaceAll("\\s+", " ");
            error = Optional.of(
                    words.length() <= MAX_MESSAGE_LENGTH ? words : words.substring(0, MAX_MESSAGE_LENGTH) + "…");
        }
    }
}
