package dev.registrybackup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The bill of materials that the build leaves beside the program. */
class BillOfMaterialsIT {

    /** By name and not by hash, since Quarkus takes out of a jar what is of no use in the program. */
    @Test
    void itNamesEachJarOfTheProgram() throws IOException {
        // Given
        Set<String> jars = jars();

        Path file = Path.of("target/bom.json");
        boolean isOnline = Files.exists(file) || "required".equals(System.getenv("REAL_STACK"));
        assumeTrue(isOnline, "Maven makes no bill of materials while it is offline");

        // When
        JsonNode bill = new ObjectMapper().readTree(file.toFile());

        // Then
        Set<String> named = new TreeSet<>();
        bill.path("components").forEach(component -> named.add(jar(component)));
        Set<String> notNamed = new TreeSet<>(jars);
        notNamed.removeAll(named);
        assertEquals("CycloneDX", bill.path("bomFormat").asText());
        assertFalse(jars.isEmpty());
        assertEquals(Set.of(), notNamed);
    }

    /** As Quarkus calls it, but for a classifier. */
    private static String jar(JsonNode component) {
        return "%s.%s-%s"
                .formatted(
                        component.path("group").asText(),
                        component.path("name").asText(),
                        component.path("version").asText());
    }

    private static Set<String> jars() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("target/quarkus-app/lib"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".jar"))
                    .map(name -> name.replaceAll("(-linux-[a-z0-9_]+)?\\.jar$", ""))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
