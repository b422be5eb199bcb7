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
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The log of one rclone run: JSON lines, except the last line, which 1.60 writes as plain text. */
final class RcloneLog {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_MESSAGE_LENGTH = 400;

    // 1.60 calls its notices warnings, later versions notices.
    private static final Set<String> HARMLESS_LEVELS = Set.of("debug", "info", "notice", "warning");

    // rclone logs each difference as an error of its key, besides the line in the report.
    private static final Pattern DIFFERENCE =
            Pattern.compile("file not in .*|(sizes|contents|[\\w-]+) differ\\b.*", Pattern.CASE_INSENSITIVE);
    private static final Pattern SUMMARY =
            Pattern.compile("Failed to check(?: with \\d+ errors: last error was)?: (\\d{1,18}) differences found");
    private static final Pattern PLAIN_TIME = Pattern.compile("^\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d (\\w+ *: )?");
    private static final Pattern MATCHING = Pattern.compile("(\\d{1,18}) matching files");

    // These have a harmless level, but mean that some keys were not compared.
    private static final Pattern NOT_COMPARED = Pattern.compile(
            "\\d+ hashes could not be checked|can't follow symlink.*|no common hash found.*|duplicate .* found in .*",
            Pattern.CASE_INSENSITIVE);

    private Optional<String> error = Optional.empty();
    private OptionalLong differingCount = OptionalLong.empty();
    private OptionalLong matchingCount = OptionalLong.empty();

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

    /** The first error that is not a difference of keys. */
    Optional<String> error() {
        return error;
    }

    /** How many keys differ, according to rclone's last line; empty if there is none. */
    OptionalLong differingCount() {
        return differingCount;
    }

    /** How many keys are equal, by rclone's own count; empty if it logged none. */
    OptionalLong matchingCount() {
        return matchingCount;
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
        if (parseSummary(message)) {
            return;
        }
        Matcher counted = MATCHING.matcher(message);
        if (counted.matches()) {
            matchingCount = OptionalLong.of(Long.parseLong(counted.group(1)));
        } else if (!isHarmless(level, message, entry.path("object").asText())) {
            setError(message);
        }
    }

    private static boolean isHarmless(String level, String message, String object) {
        if (NOT_COMPARED.matcher(message).lookingAt()) {
            return false;
        }
        return HARMLESS_LEVELS.contains(level)
                || ("error".equals(level)
                        && !object.isEmpty()
                        && DIFFERENCE.matcher(message).matches());
    }

    private void parsePlain(String line) {
        String message = PLAIN_TIME.matcher(line).replaceFirst("");
        if (!parseSummary(message)) {
            setError(message);
        }
    }

    private boolean parseSummary(String message) {
        Matcher last = SUMMARY.matcher(message);
        if (last.matches()) {
            differingCount = OptionalLong.of(Long.parseLong(last.group(1)));
            return true;
        }
        return false;
    }

    private void setError(String message) {
        if (error.isEmpty()) {
            String words = message.strip().replaceAll("\\s+", " ");
            error = Optional.of(
                    words.length() <= MAX_MESSAGE_LENGTH ? words : words.substring(0, MAX_MESSAGE_LENGTH) + "…");
        }
    }
}
