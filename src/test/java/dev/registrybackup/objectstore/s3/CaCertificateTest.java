package dev.registrybackup.objectstore.s3;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import dev.registrybackup.objectstore.s3.S3Settings.Credentials;
import dev.registrybackup.objectstore.s3.S3Settings.WriteOptions;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A store whose certificate no root of the system's has signed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CaCertificateTest {
    private static final String PASSWORD = "for-this-test";

    private Path folder;
    private HttpsServer server;

    @BeforeAll
    void serve(@TempDir Path temporary) throws Exception {
        folder = temporary;
        Path keys = folder.resolve("keys.p12");
        keytool("-genkeypair", keys, "-keyalg", "EC", "-dname", "CN=lab", "-ext", "san=ip:127.0.0.1");
        keytool("-exportcert", keys, "-rfc", "-file", folder.resolve("ca.pem").toString());
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context(keys)));
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        server.start();
    }

    @AfterAll
    void stop() {
        server.stop(0);
    }

    private static void keytool(String command, Path keys, String... more) throws Exception {
        java.util.List<String> all = new java.util.ArrayList<>(java.util.List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                command,
                "-alias",
                "lab",
                "-keystore",
                keys.toString(),
                "-storepass",
                PASSWORD));
        all.addAll(java.util.List.of(more));
        assertEquals(
                0, new ProcessBuilder(all).redirectErrorStream(true).start().waitFor());
    }

    private static SSLContext context(Path keys) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keys)) {
            store.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        return context;
    }

    private S3ObjectStore store(Optional<Path> certificate) {
        S3Settings settings = new S3Settings(
                "backup",
                Optional.of(
                        URI.create("https://127.0.0.1:" + server.getAddress().getPort())),
                Optional.of("us-east-1"),
                "bucket",
                Optional.of(new Credentials("access", "secret")),
                true,
                certificate,
                WriteOptions.DEFAULT);
        S3Timeouts timeouts = new S3Timeouts(Duration.ofMinutes(1), Duration.ofMinutes(1), Duration.ofMinutes(1));
        @SuppressWarnings("MustBeClosedChecker") // closed by each test
        S3ObjectStore store = S3ObjectStore.of(settings, timeouts, 2);
        return store;
    }

    @Test
    void isTrustedWhereItsCertificateIsConfigured() {
        try (S3ObjectStore store = store(Optional.of(folder.resolve("ca.pem")))) {
            assertDoesNotThrow(store::requireBucket);
        }
    }

    @Test
    void isNotTrustedOtherwise() {
        try (S3ObjectStore store = store(Optional.empty())) {
            ObjectStoreException failure = assertThrows(ObjectStoreException.class, store::requireBucket);
            assertEquals(StoreError.UNAVAILABLE, failure.error());
            assertTrue(String.valueOf(failure.getMessage()).contains("certification path"), failure::getMessage);
        }
    }

    @Test
    void aFileThatHoldsNoCertificateIsNamed() throws Exception {
        // Given
        Path file = Files.writeString(folder.resolve("no.pem"), "no certificate");

        // When
        IllegalArgumentException failure = assertThrows(IllegalArgumentException.class, () -> store(Optional.of(file)));

        // Then
        assertTrue(String.valueOf(failure.getMessage()).contains("no.pem"), failure::getMessage);
    }
}
