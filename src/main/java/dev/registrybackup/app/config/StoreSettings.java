package dev.registrybackup.app.config;

import dev.registrybackup.objectstore.s3.S3Settings;
import dev.registrybackup.objectstore.s3.S3Settings.Credentials;
import dev.registrybackup.objectstore.s3.S3Settings.WriteOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * One store's configuration, settled and checked.
 *
 * @param prefix what its properties start with
 * @param configuration the properties
 */
record StoreSettings(String prefix, StoreConfiguration configuration) {
    private static final String REGION_WITH_ENDPOINT = "us-east-1";

    /** How the store is reached. Throws {@link ConfigurationException} for the first thing that cannot work. */
    S3Settings s3(WriteOptions writeOptions) {
        return new S3Settings(
                prefix,
                endpoint(prefix + ".endpoint", configuration.endpoint()),
                region(configuration.endpoint(), configuration.region()),
                required(prefix + ".bucket", configuration.bucket()),
                credentials(prefix, configuration.accessKey(), configuration.secretKey()),
                configuration.pathStyle().orElse(configuration.endpoint().isPresent()),
                certificate(prefix + ".ca-certificate", configuration.caCertificate()),
                writeOptions);
    }

    static boolean isSame(S3Settings one, S3Settings other) {
        return one.endpoint()
                .map(StoreSettings::canonical)
                .equals(other.endpoint().map(StoreSettings::canonical));
    }

    private static String canonical(URI endpoint) {
        String scheme = endpoint.getScheme().toLowerCase(Locale.ROOT);
        int standard = scheme.equals("https") ? 443 : 80;
        return scheme + "://" + endpoint.getHost().toLowerCase(Locale.ROOT) + ":"
                + (endpoint.getPort() < 0 ? standard : endpoint.getPort());
    }

    private static Optional<URI> endpoint(String property, Optional<String> given) {
        return given.map(text -> {
            try {
                URI endpoint = new URI(text);
                boolean http =
                        "http".equalsIgnoreCase(endpoint.getScheme()) || "https".equalsIgnoreCase(endpoint.getScheme());
                if (http && endpoint.getHost() != null && endpoint.getUserInfo() == null) {
                    return endpoint;
                }
            } catch (URISyntaxException e) {
                throw new ConfigurationException(property, "is no URL: " + e.getReason());
            }
            throw new ConfigurationException(
                    property, "is no URL of the form http(s)://host[:port], without credentials");
        });
    }

    private static Optional<String> region(Optional<String> endpoint, Optional<String> region) {
        return region.or(() -> endpoint.map(given -> REGION_WITH_ENDPOINT));
    }

    private static String required(String property, Optional<String> given) {
        return given.orElseThrow(() -> new ConfigurationException(property, "is not set, but has no default"));
    }

    private static Optional<Credentials> credentials(
            String store, Optional<String> accessKey, Optional<String> secretKey) {
        if (accessKey.isPresent() != secretKey.isPresent()) {
            String missing = store + (accessKey.isPresent() ? ".secret-key" : ".access-key");
            String given = store + (accessKey.isPresent() ? ".access-key" : ".secret-key");
            throw new ConfigurationException(
                    missing, "is not set though %s is: set both, or none for the SDK's default chain".formatted(given));
        }
        return accessKey.flatMap(access -> secretKey.map(secret -> new Credentials(access, secret)));
    }

    private static Optional<Path> certificate(String property, Optional<String> given) {
        return given.map(Path::of).map(file -> {
            if (!Files.isReadable(file)) {
                throw new ConfigurationException(property, "names %s, which cannot be read".formatted(file));
            }
            return file;
        });
    }
}
