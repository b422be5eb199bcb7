package dev.registrybackup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** How large classes and methods may grow; told by lines and braces, which the formatter puts where they belong. */
class SizeTest {
    private static final Path MAIN = Path.of("src/main/java");
    private static final int LARGEST_FILE = 200;
    private static final int LONGEST_BODY = 30;
    private static final Pattern LITERAL = Pattern.compile("\"(\\\\.|[^\"\\\\])*\"|'(\\\\.|[^'\\\\])+'");
    private static final Pattern COMMENT = Pattern.compile("//.*|^\\s*(/\\*|\\*).*");
    private static final Pattern TYPE = Pattern.compile("\\b(class|interface|enum|record|@interface) +[A-Z]\\w*");

    @Test
    void noFileIsLargerThanOneJobNeeds() {
        // When
        List<String> offenders = sources()
                .filter(file -> code(file).size() > LARGEST_FILE)
                .map(file ->
                        "%s: %d".formatted(MAIN.relativize(file), code(file).size()))
                .toList();

        // Then
        assertEquals(List.of(), offenders);
    }

    @Test
    void noMethodIsLongerThanAGlance() {
        // When
        List<String> offenders = sources()
                .flatMap(file -> bodies(code(file)).stream()
                        .filter(body -> body.lines() > LONGEST_BODY)
                        .map(body -> "%s: %d lines: %s".formatted(MAIN.relativize(file), body.lines(), body.head())))
                .toList();

        // Then
        assertEquals(List.of(), offenders);
    }

    @Test
    void aBodyIsCountedWithoutItsBraces() {
        // Given
        List<String> code = List.of(
                "final class A<T> {",
                "    private final Runnable work = () -> {",
                "        run();",
                "    };",
                "    @Override",
                "    void one(",
                "            int more) {",
                "        if (more > 0) {",
                "            call();",
                "        }",
                "    }",
                "    record Empty(int a) {}",
                "    int none() {",
                "    }",
                "}");

        // When
        List<Body> bodies = bodies(code);

        // Then
        assertTrue(bodies.contains(new Body("int more) {", 3)), bodies.toString());
        assertTrue(bodies.contains(new Body("int none() {", 0)), bodies.toString());
        assertEquals(3, bodies.size());
    }

    /** A block directly within a type. */
    private record Body(String head, int lines) {}

    private record Open(String head, int line, boolean type) {}

    private static List<Body> bodies(List<String> code) {
        List<Body> bodies = new ArrayList<>();
        Deque<Open> open = new ArrayDeque<>();
        for (int line = 0; line < code.size(); line++) {
            String text = code.get(line);
            for (int at = 0; at < text.length(); at++) {
                char character = text.charAt(at);
                if (character == '{') {
                    open.push(new Open(text.strip(), line, isType(code, line)));
                } else if (character == '}') {
                    Open closed = open.pop();
                    Open around = open.peek();
                    if (!closed.type() && around != null && around.type() && closed.line() != line) {
                        bodies.add(new Body(closed.head(), line - closed.line() - 1));
                    }
                }
            }
        }
        return bodies;
    }

    /** A type's head may take several lines: it begins after the last line that ended something. */
    private static boolean isType(List<String> code, int line) {
        StringBuilder head = new StringBuilder(code.get(line));
        for (int before = line - 1; before >= 0 && !code.get(before).matches(".*[;{}]\\s*"); before--) {
            head.insert(0, code.get(before) + " ");
        }
        Matcher type = TYPE.matcher(head);
        return type.find() && head.indexOf("=") < 0;
    }

    private static Stream<Path> sources() {
        try (Stream<Path> files = Files.walk(MAIN)) {
            return files.filter(file -> file.toString().endsWith(".java")).sorted().toList().stream();
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to list " + MAIN, e);
        }
    }

    /** Its lines that are neither blank, comment nor import, without literals. */
    private static List<String> code(Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.map(line -> LITERAL.matcher(line).replaceAll("0"))
                    .map(line -> COMMENT.matcher(line).replaceAll(""))
                    .filter(line -> !line.isBlank() && !line.startsWith("import "))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to read " + file, e);
        }
    }
}
