package dev.registrybackup.reconcile.rclone;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * One PEM file of all trusted certificates: rclone 1.60 accepts one file for all stores, and then ignores the system's
 * roots.
 */
final class CertificateBundle {
    private static final Base64.Encoder PEM_ENCODER = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private CertificateBundle() {}

    /**
     * Writes the system's roots and these files' certificates.
     *
     * @throws IOException if a file cannot be read, contains no certificate, or the bundle cannot be written
     */
    static void write(Path bundle, List<Path> files) throws IOException {
        try {
            List<Certificate> trusted = new ArrayList<>(systemRoots());
            for (Path file : files) {
                trusted.addAll(readCertificates(file));
            }
            StringBuilder pem = new StringBuilder();
            for (Certificate certificate : trusted) {
                pem.append("-----BEGIN CERTIFICATE-----\n")
                        .append(PEM_ENCODER.encodeToString(certificate.getEncoded()))
                        .append("\n-----END CERTIFICATE-----\n");
            }
            Files.writeString(bundle, pem, US_ASCII);
        } catch (GeneralSecurityException e) {
            throw new IOException("the system's certificates cannot be read: " + e.getMessage(), e);
        }
    }

    private static Collection<? extends Certificate> readCertificates(Path file) throws IOException {
        try (InputStream pem = Files.newInputStream(file)) {
            Collection<? extends Certificate> found =
                    CertificateFactory.getInstance("X.509").generateCertificates(pem);
            if (found.isEmpty()) {
                throw new IOException(file + " contains no certificate");
            }
            return found;
        } catch (GeneralSecurityException e) {
            throw new IOException(file + " is not a PEM file of certificates: " + e.getMessage(), e);
        }
    }

    private static List<X509Certificate> systemRoots() throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        @Nullable KeyStore systems = null;
        factory.init(systems);
        return Arrays.stream(factory.getTrustManagers())
                .flatMap(manager -> manager instanceof X509TrustManager x509
                        ? Arrays.stream(x509.getAcceptedIssuers())
                        : Stream.empty())
                .collect(Collectors.toList());
    }
}
