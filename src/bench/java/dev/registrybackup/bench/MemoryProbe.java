package dev.registrybackup.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.registrybackup.concurrent.RateLimiter;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.InMemoryObjectStore;
import dev.registrybackup.objectstore.RegistryStore;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.restore.Restore;
import dev.registrybackup.restore.RestoreRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** Plans a restore of many digests in a JVM of its own, to see how much heap that takes. */
public final class MemoryProbe {
    private static final List<Integer> HEAPS = List.of(128, 192, 256, 384, 512, 768);

    private MemoryProbe() {}

    /** Plans, given the number of digests; ends with 0 if the plan has as many objects. */
    public static void main(String[] arguments) throws IOException {
        int digests = Integer.parseInt(arguments[0]);
        RegistryLayout layout = new RegistryLayout("");
        GeneratedStore backup = new GeneratedStore(layout, digests);
        try (WorkerPools workerPools = new WorkerPools(16, 4)) {
            RestoreRequest request = RestoreRequest.parse(
                    new ObjectMapper().readTree("{\"scope\":{\"namespace\":\"bench\"}}"),
                    Clock.systemUTC().instant());
            int planned = new Restore(
                            new RegistryStore(backup, layout),
                            new RegistryStore(new InMemoryObjectStore("target"), layout),
                            workerPools,
                            RateLimiter.unlimited(),
                            Clock.systemUTC())
                    .plan(request)
                    .at("/toCopy/objects")
                    .asInt();
            System.exit(planned == 2 * digests ? 0 : 1);
        }
    }

    /** The smallest heap that was enough, in MiB. */
    static String smallestHeap(int digests) {
        for (int heap : HEAPS) {
            if (passes(digests, heap)) {
                return Integer.toString(heap);
            }
        }
        return "more than " + HEAPS.get(HEAPS.size() - 1);
    }

    private static boolean passes(int digests, int heap) {
        try {
            return new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-Xmx" + heap + "m",
                                    "-XX:+ExitOnOutOfMemoryError",
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    MemoryProbe.class.getName(),
                                    Integer.toString(digests))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to start a JVM", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while planning", e);
        }
    }
}
