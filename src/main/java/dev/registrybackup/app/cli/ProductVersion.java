package dev.registrybackup.app.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;

/** The version of this program. */
public final class ProductVersion {
    private static final String RESOURCE = "/registry-backup.properties";

    private ProductVersion() {}

    /** Reads the version that the build wrote into the program, such as {@code 0.1.0}. */
    public static String current() {
        Properties properties = new Properties();
        try (InputStream resource = Objects.requireNonNull(
                ProductVersion.class.getResourceAsStream(RESOURCE), RESOURCE + " is not in the program")) {
            properties.load(resource);
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to read " + RESOURCE, e);
        }
        return properties.getProperty("version");
    }
}
