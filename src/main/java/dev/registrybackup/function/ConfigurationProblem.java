package dev.registrybackup.function;

/** The configuration cannot work; the message names the property and its remedy. Stops the start. */
final class ConfigurationProblem extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    ConfigurationProblem(String property, String problem) {
        super("Configuration: %s (environment: %s) %s"
                .formatted(property, property.toUpperCase(java.util.Locale.ROOT).replaceAll("[.-]", "_"), problem));
    }
}
