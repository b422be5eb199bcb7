package dev.registrybackup.bench;

import dev.registrybackup.bench.Latencies.Pair;
import dev.registrybackup.bench.Latencies.Series;
import dev.registrybackup.bench.Throughput.Slice;
import dev.registrybackup.lab.Product;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What the product costs beside a bare copy: requests, time and throughput. Prints the report, which is also in
 * {@code target/bench/benchmarks.md}; says on the error stream how far it is.
 */
public final class Benchmark {
    private static final Path FILE = Path.of("target", "bench", "benchmarks.md");

    private final Scale scale = Scale.configured();

    private Benchmark() {}

    /** Runs it; the system property {@code bench.quick} has it only try whether it works. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        quietLogging();
        String report = new Benchmark().run();
        System.out.println(report);
        Files.createDirectories(FILE.toAbsolutePath().getParent());
        Files.writeString(FILE, report);
        System.exit(0);
    }

    /** Without a configuration the log manager has clients format every byte they move, which slows bare copies alone. */
    private static void quietLogging() {
        Logger.getLogger("").setLevel(Level.WARNING);
        if (Logger.getLogger("org.apache.http.wire").isLoggable(Level.FINE)) {
            throw new IllegalStateException("The bytes on the wire are logged: bare copies would look slow");
        }
    }

    /** What was measured of one store. */
    private record Measured(String store, Map<Series, Pair> latencies, List<Slice> slices) {}

    private String run() throws IOException, InterruptedException {
        boolean withCeph = Stores.hasCephRgw();
        Report report = new Report(versions(withCeph), scale);
        try (RequestCounts counts = new RequestCounts(Stores.s3Proxy(), scale.samples())) {
            progress("counting requests");
            Map<String, List<Counted>> rows = counts.measure();
            report.requests(rows, counts.housekeeping());
        }
        List<Measured> all = new ArrayList<>();
        all.add(measure(Stores::s3Proxy));
        if (withCeph) {
            all.add(measure(Stores::cephRgw));
        }
        report.latencyHeading(scale);
        all.forEach(one -> report.latencies(one.store(), one.latencies()));
        report.throughputHeading(scale);
        all.forEach(one -> report.throughput(one.store(), one.slices()));
        if (!withCeph) {
            report.remark("Ceph RGW was skipped: `radosgw` is not on the PATH.");
        }
        progress("done");
        return report.toString();
    }

    private Measured measure(Supplier<Stores> store) {
        try (Stores stores = store.get();
                Product product = Events.startProduct(stores.registry(), stores.backup())) {
            Events events = new Events(product);
            Seeds seeds = new Seeds(stores.reading());
            BareCopy bare = new BareCopy(stores);
            // First, since it also warms up the product as thoroughly as seeding does the bare client.
            progress("sustained load on " + stores.name());
            List<Slice> slices = new Throughput(bare, events, seeds, scale).measure();
            progress("timing events on " + stores.name());
            Map<Series, Pair> latencies = new Latencies(bare, events, seeds, scale).measure();
            return new Measured(stores.name(), latencies, slices);
        }
    }

    private static String versions(boolean withCeph) throws IOException, InterruptedException {
        String proxy = "S3Proxy " + System.getProperty("bench.s3proxy.version", "of unknown version") + ", in memory";
        return withCeph ? proxy + " · " + cephVersion() + ", in memory" : proxy + " · no Ceph RGW";
    }

    /** "ceph version 16.2.15 (…) pacific (stable)" as "Ceph RGW 16.2.15". */
    private static String cephVersion() throws IOException, InterruptedException {
        Process asked = new ProcessBuilder("radosgw", "--version")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String said = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        asked.waitFor();
        return said.replaceFirst("^ceph version (\\S+).*", "Ceph RGW $1");
    }

    private static void progress(String what) {
        System.err.println("bench: " + LocalTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS) + " " + what);
    }
}
