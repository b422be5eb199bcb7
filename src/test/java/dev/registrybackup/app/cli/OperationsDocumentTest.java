package dev.registrybackup.app.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.ParameterException;

/** The commands in {@code docs/operations.md} exist, with their options. */
class OperationsDocumentTest {
    private static final Pattern COMMAND =
            Pattern.compile("(?m)(?:^ *|`)registry-backup (?!\\()([a-z][^`#\\n]*?) *(?:`|#|$)");
    private static final Pattern PLUGIN = Pattern.compile("(?:kubectl|oc) registry-backup (?:--json )?([a-z-]+)");
    private static final Pattern LINK = Pattern.compile("]\\(([a-zA-Z./]*)#([^)]+)\\)");

    private static String text(String file) throws IOException {
        return Files.readString(Path.of("docs").resolve(file));
    }

    private static List<String> commands(String text) {
        return COMMAND.matcher(text).results().map(found -> found.group(1)).toList();
    }

    private static void parse(String command) {
        Commands.commands().parseArgs(command.trim().split(" +"));
    }

    /** As GitHub makes anchors of headings. */
    private static Set<String> anchors(String text) {
        return text.lines()
                .filter(line -> line.startsWith("#"))
                .map(heading -> heading.replaceFirst("^#+ ", "")
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9 _-]", "")
                        .replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    @Test
    void eachCommandInItIsOneOfOurs() throws IOException {
        // When
        List<String> commands = commands(text("operations.md"));

        // Then
        assertTrue(commands.size() > 20, commands::toString);
        assertTrue(commands.contains("restore --digest sha256:… --mode repair --dry-run"), commands::toString);
        for (String command : commands) {
            assertDoesNotThrow(() -> parse(command), command);
        }
    }

    /** Each function that a block calls is defined on the page. */
    @Test
    void eachLineToPasteBeginsWithAProgramOrAFunctionOfThePage() throws IOException {
        // Given
        String document = text("operations.md");
        Set<String> known = Pattern.compile("(?m)^([a-z-]+)\\(\\) +\\{")
                .matcher(document)
                .results()
                .map(function -> function.group(1))
                .collect(Collectors.toSet());
        known.addAll(Set.of("kubectl", "java", "source"));

        // When
        Set<String> used = Pattern.compile("(?ms)^ *```bash\n(.*?)```")
                .matcher(document)
                .results()
                .flatMap(block -> block.group(1).replace("\\\n", " ").lines())
                .flatMap(line -> Pattern.compile("^ {0,3}([a-z][a-z-]*) .*")
                        .matcher(line)
                        .results())
                .map(line -> line.group(1))
                .collect(Collectors.toSet());

        // Then
        assertTrue(used.containsAll(Set.of("kubectl", "backup", "logs")), used::toString);
        used.removeAll(known);
        assertEquals(Set.of(), used);
    }

    @ParameterizedTest
    @ValueSource(strings = {"operations.md", "openshift.md", "api.md", "try.md"})
    void eachCommandOfThePluginIsOneThatItHas(String document) throws IOException {
        // Given
        String help = Files.readString(Path.of("knative/kubectl-registry_backup"));

        // When
        Set<String> used = PLUGIN.matcher(text(document))
                .results()
                .map(command -> command.group(1))
                .collect(Collectors.toSet());

        // Then
        used.remove("--help");
        assertTrue(used.size() > 2, used::toString);
        used.removeIf(command -> help.contains("\n    " + command + ")\n"));
        assertEquals(Set.of(), used);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "    registry-backup restore --everything",
                "type `registry-backup restor --all`",
                "registry-backup verify --depth"
            })
    void aCommandThatIsNoneIsNoticed(String text) {
        // Given
        List<String> commands = commands(text);
        assertEquals(1, commands.size());

        // When
        ParameterException thrown = assertThrows(ParameterException.class, () -> parse(commands.get(0)));

        // Then
        assertFalse(String.valueOf(thrown.getMessage()).isEmpty());
    }

    @Test
    void eachLinkToASectionLeadsThere() throws IOException {
        // Given
        String document = text("operations.md");

        // When
        List<String[]> links = LINK.matcher(document)
                .results()
                .map(link -> new String[] {link.group(1), link.group(2)})
                .toList();

        // Then
        assertTrue(links.size() > 20);
        for (String[] link : links) {
            String target = link[0].isEmpty() ? document : text(link[0]);
            assertTrue(anchors(target).contains(link[1]), () -> link[0] + "#" + link[1]);
        }
    }

    @Test
    void itsLifecycleRulesRemoveNothingThatIsCurrent() throws IOException {
        // Given
        String document = text("operations.md");
        int begin = document.indexOf("```json\n") + "```json\n".length();

        // When
        JsonNode rules = new ObjectMapper()
                .readTree(document.substring(begin, document.indexOf("```", begin)))
                .path("Rules");

        // Then
        assertEquals(3, rules.size());
        for (JsonNode rule : rules) {
            assertTrue(rule.at("/Expiration/Days").isMissingNode(), rule::toString);
            assertTrue(rule.at("/Expiration/Date").isMissingNode(), rule::toString);
            assertTrue(rule.path("Transitions").isMissingNode(), rule::toString);
        }
        assertEquals(
                1,
                rules.path(0)
                        .at("/AbortIncompleteMultipartUpload/DaysAfterInitiation")
                        .asInt());
    }
}
