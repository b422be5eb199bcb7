package dev.registrybackup.app.config;

import static java.util.Comparator.comparingInt;

import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertyName;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.spi.ConfigSource;

/** Finds misspelled properties, which the mapping ignores because it has no prefix of its own. */
final class PropertyNames {
    /** By name, with a star for the name of a target, as in {@code restore.targets.*.bucket}. */
    private static final Set<String> KNOWN = new TreeSet<>(
            ConfigClass.configClass(Configuration.class).getProperties().keySet());

    /** System properties of JBoss LogManager and of Quarkus, which sets the second one itself. */
    private static final Set<String> FOREIGN =
            Set.of("logging.configuration", "logging.initial-configurator.min-level");

    private PropertyNames() {}

    /**
     * Checks the properties in one of our groups, such as `registry.`, of all sources but environment variables: the
     * cluster sets variables such as `REGISTRY_PORT`.
     *
     * @throws ConfigurationException for the first unknown property, with the nearest known one
     */
    static void check(Config sources) {
        Set<String> groups = KNOWN.stream().map(PropertyNames::group).collect(Collectors.toSet());
        Set<PropertyName> known = KNOWN.stream().map(PropertyName::new).collect(Collectors.toSet());
        Set<String> unknown = new TreeSet<>();
        for (ConfigSource source : sources.getConfigSources()) {
            if (!(source instanceof EnvConfigSource)) {
                source.getPropertyNames().stream()
                        .filter(name -> groups.contains(group(name)) && !FOREIGN.contains(name))
                        .filter(name -> !known.contains(new PropertyName(name)))
                        .forEach(unknown::add);
            }
        }
        unknown.stream().findFirst().ifPresent(name -> {
            throw ConfigurationException.unknownProperty(name, nearest(name));
        });
    }

    /** The name up to and with its first dot; empty if it has none. */
    private static String group(String name) {
        return name.substring(0, name.indexOf('.') + 1);
    }

    private static String nearest(String name) {
        return KNOWN.stream()
                .min(comparingInt(known -> distance(name, known)))
                .orElseThrow()
                .replace("*", "<name>");
    }

    /** The Levenshtein distance: how many characters to insert, delete or replace. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j <= to.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
