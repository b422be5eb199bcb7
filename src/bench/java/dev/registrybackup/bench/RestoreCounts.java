package dev.registrybackup.bench;

import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.RecordedRequest;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.Kind;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Requests of a restore by the class of the object that they are about. */
final class RestoreCounts {
    private final Map<Kind, Row> rows = new TreeMap<>();
    private int listings;

    private static final class Row {
        private final Set<String> keys = new HashSet<>();
        private int backup;
        private int target;
    }

    RestoreCounts(List<RecordedRequest> requests) {
        RegistryLayout layout = new RegistryLayout("");
        for (RecordedRequest request : requests) {
            Kind kind = layout.parse(request.key()).kind();
            if (kind == Kind.EXCLUDED) {
                boolean listing = request.query().contains("docker");
                listings += listing ? 1 : 0;
            } else {
                count(request, rows.computeIfAbsent(kind, fresh -> new Row()));
            }
        }
    }

    private static void count(RecordedRequest request, Row row) {
        row.keys.add(request.key());
        if (request.bucket().equals(Product.BACKUP_BUCKET)) {
            row.backup++;
        } else {
            row.target++;
        }
    }

    void rows(String scope, StringBuilder report) {
        rows.forEach((kind, row) -> report.append("| `%s` | %s | %d | %d | %d | %s |%n"
                .formatted(
                        scope,
                        kind.label(),
                        row.keys.size(),
                        row.backup,
                        row.target,
                        Figures.ratio((double) (row.backup + row.target) / row.keys.size()))));
        report.append("| `%s` | listings of both | | | | %d in all |%n".formatted(scope, listings));
    }
}
