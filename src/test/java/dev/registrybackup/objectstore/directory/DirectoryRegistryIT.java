package dev.registrybackup.objectstore.directory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.DockerRegistry;
import dev.registrybackup.lab.Loopback;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.Skopeo;
import dev.registrybackup.lab.TestImage;
import dev.registrybackup.lab.TestImages;
import dev.registrybackup.objectstore.ObjectInfo;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads and changes a real registry's tree through the store. RealStackRestoreIT serves a tree that the store wrote. */
@RequiresRealStack
class DirectoryRegistryIT {
    private static final RegistryLayout LAYOUT = new RegistryLayout("");
    private static final Set<RegistryPath.Kind> WHAT_A_PUSH_LEAVES = EnumSet.of(
            RegistryPath.Kind.BLOB,
            RegistryPath.Kind.LAYER_LINK,
            RegistryPath.Kind.REVISION_LINK,
            RegistryPath.Kind.TAG_CURRENT_LINK,
            RegistryPath.Kind.TAG_INDEX_LINK);

    private final Path folder;
    private final TestImage index = new TestImages(21).index(2, 300, 3 << 20);
    private final TestImage image = new TestImages(22).image(300);

    DirectoryRegistryIT(@TempDir Path folder) {
        this.folder = folder;
    }

    @BeforeEach
    void twoTagsOfARegistryOnFiles() throws IOException {
        index.writeOciLayout(folder.resolve("index"), "v1");
        image.writeOciLayout(folder.resolve("image"), "v2");
        try (DockerRegistry registry = DockerRegistry.onFiles(Files.createDirectory(folder.resolve("registry")))) {
            Skopeo.push(folder.resolve("index"), "v1", registry.uri(), "team/app:v1");
            Skopeo.push(folder.resolve("image"), "v2", registry.uri(), "team/app:v2");
        }
    }

    @Test
    void allThatARegistryWroteIsUnderstood() {
        // Given
        ObjectStore registry = DirectoryObjectStore.of("registry", folder.resolve("registry"));

        // When
        List<ObjectInfo> objects = list(registry);

        // Then
        Set<RegistryPath.Kind> kinds = objects.stream()
                .map(object -> LAYOUT.parse(object.key()).kind())
                .collect(Collectors.toSet());
        assertEquals(WHAT_A_PUSH_LEAVES, kinds);
        Set<String> keys = objects.stream().map(ObjectInfo::key).collect(Collectors.toSet());
        Stream.concat(index.closure().stream(), image.closure().stream())
                .map(blob -> "docker/registry/v2/blobs/sha256/" + blob.digest().substring(7, 9) + "/"
                        + blob.digest().substring(7) + "/data")
                .forEach(key -> assertTrue(keys.contains(key), key));
    }

    /** It takes directories for tags. */
    @Test
    void aTagWhoseLinksAreRemovedIsNoneToARegistry() {
        // Given
        ObjectStore store = DirectoryObjectStore.of("registry", folder.resolve("registry"));
        List<String> links = list(store).stream()
                .map(ObjectInfo::key)
                .filter(key -> key.contains("/_manifests/tags/v1/"))
                .toList();

        // When
        links.forEach(key -> store.delete(key, Optional.empty()));

        // Then
        try (DockerRegistry registry = DockerRegistry.onFiles(folder.resolve("registry"))) {
            assertEquals("{\"name\":\"team/app\",\"tags\":[\"v2\"]}", answer(registry, "team/app/tags/list"));
        }
    }

    private static List<ObjectInfo> list(ObjectStore store) {
        try (Stream<ObjectInfo> objects = store.list("")) {
            return objects.toList();
        }
    }

    private static String answer(DockerRegistry registry, String path) {
        return Loopback.send(HttpRequest.newBuilder(registry.uri().resolve("/v2/" + path))
                        .build())
                .body()
                .strip();
    }
}
