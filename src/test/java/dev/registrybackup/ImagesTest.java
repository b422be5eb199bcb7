package dev.registrybackup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The image files, as far as they can be read without a container engine. */
class ImagesTest {
    private static final Path FOLDER = Path.of("src/main/docker");

    private static List<String> instructions(String dockerfile) throws IOException {
        return Files.readString(FOLDER.resolve(dockerfile))
                .replace("\\\n", " ")
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .toList();
    }

    /** What is copied from the build's context, and not from another stage. */
    private static List<String> copied(List<String> instructions) {
        return instructions.stream()
                .filter(line -> line.startsWith("COPY ") && !line.contains("--from="))
                .flatMap(line -> {
                    List<String> words = Stream.of(line.split(" +"))
                            .skip(1)
                            .filter(word -> !word.startsWith("--"))
                            .toList();
                    return words.subList(0, words.size() - 1).stream();
                })
                .toList();
    }

    private static boolean isLetIn(String source, List<String> dockerignore) {
        String sample = source.replace("*", "x").replaceAll("/$", "/x");
        return dockerignore.stream()
                .filter(line -> line.startsWith("!"))
                .map(line -> FileSystems.getDefault().getPathMatcher("glob:" + line.substring(1)))
                .anyMatch(pattern -> pattern.matches(Path.of(sample)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.jvm", "Dockerfile.native"})
    void filesThatAnImageFileCopiesAreInTheBuildContext(String dockerfile) throws IOException {
        // Given
        List<String> sources = copied(instructions(dockerfile));

        List<String> dockerignore = Files.readAllLines(Path.of(".dockerignore"));

        // When
        List<String> kept = sources.stream()
                .filter(source -> !isLetIn(source, dockerignore))
                .toList();

        // Then
        assertFalse(sources.isEmpty());
        assertEquals(List.of(), kept, ".dockerignore keeps it out");
        for (String source : sources) {
            assertTrue(source.startsWith("target/") || Files.exists(Path.of(source)), "There is no " + source);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.jvm", "Dockerfile.native"})
    void anImageSaysWhatItIsFromWhereAndWhatIsInIt(String dockerfile) throws IOException {
        // Given
        List<String> instructions = instructions(dockerfile);

        // When
        String labels = instructions.stream()
                .filter(line -> line.startsWith("LABEL "))
                .findFirst()
                .orElse("");
        String base = instructions.stream()
                .filter(line -> line.startsWith("FROM "))
                .reduce((first, last) -> last)
                .orElseThrow()
                .substring("FROM ".length());

        // Then
        for (String label : List.of("title", "description", "url", "source", "licenses", "version", "revision")) {
            assertTrue(labels.contains("org.opencontainers.image." + label + "="), label);
        }
        assertTrue(labels.contains("org.opencontainers.image.base.name=\"" + base + "\""), labels);
        assertTrue(instructions.stream()
                .anyMatch(line -> line.matches("RUN \\S+/sbom.sh \\S+/image-bom.json .*rclone.*")));
        assertTrue(instructions.stream().anyMatch(line -> line.matches("COPY --from.*/image-bom.json /deployments/")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Dockerfile.jvm", "Dockerfile.native"})
    void anImageRunsAsANumberThatIsNotRootAndHasNoCommandOfItsBase(String dockerfile) throws IOException {
        // Given
        List<String> instructions = instructions(dockerfile);

        // When
        String user = instructions.stream()
                .filter(line -> line.startsWith("USER "))
                .reduce((first, second) -> second)
                .orElse("");

        // Then
        assertTrue(user.matches("USER [1-9][0-9]*"), user);
        assertTrue(instructions.contains("CMD []"));
    }
}
