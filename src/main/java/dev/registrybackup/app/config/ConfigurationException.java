package dev.registrybackup.app.config;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The configuration is invalid; the message names the property and the remedy. Stops the start. */
public final class ConfigurationException extends IllegalStateException {
    private static final long serialVersionUID = 1L;
    /** SmallRye Config's message for a value that cannot be converted (SRCFG00039), followed by the reason. */
    private static final Pattern UNCONVERTIBLE = Pattern.compile(
            "SRCFG00039: The config property (\\S+) with the config value \"([^\"\n]*)\" threw an Exception whilst being"
                    + " converted (?:SRCFG\\d+: )?(?:Cannot convert .* to enum class .*, )?(.*)");

    public ConfigurationException(String property, String problem) {
        super(message(property, problem));
    }

    private ConfigurationException(String message) {
        super(message);
    }

    /** For a property that does not exist, most likely because it is misspelled. */
    static ConfigurationException unknownProperty(String property, String nearest) {
        return new ConfigurationException(
                "Configuration: %s is not a known property. The nearest is %s; docs/configuration.md lists all"
                        .formatted(property, nearest));
    }

    /** For settings that their user rejected; its message names the property. */
    ConfigurationException(IllegalArgumentException refusal) {
        super("Configuration: " + refusal.getMessage(), refusal);
    }

    /** The problems, one line each, if an invalid configuration caused the failure. */
    public static List<String> find(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String text = String.valueOf(cause.getMessage());
            if (cause instanceof ConfigurationException) {
                return List.of(text);
            }
            List<String> unconvertible = UNCONVERTIBLE
                    .matcher(text)
                    .results()
                    .map(match ->
                            message(match.group(1), "cannot be \"%s\": %s".formatted(match.group(2), match.group(3))))
                    .distinct()
                    .toList();
            if (!unconvertible.isEmpty()) {
                return unconvertible;
            }
        }
        return List.of();
    }

    private static String message(String property, String problem) {
        return "Configuration: %s (environment: %s) %s"
                .formatted(property, property.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"), problem);
    }
}
