package dev.registrybackup.objectstore.s3;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Collection;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.http.TlsTrustManagersProvider;

/** Trusts the system's roots and the certificates of one PEM file. */
final class TrustedCertificates implements TlsTrustManagersProvider {
    private final TrustManager[] trustManagers;

    private TrustedCertificates(TrustManager[] trustManagers) {
        this.trustManagers = trustManagers;
    }

    static TrustedCertificates systemRootsAnd(Path file) throws IOException {
        try (InputStream pem = Files.newInputStream(file)) {
            Collection<? extends Certificate> extra =
                    CertificateFactory.getInstance("X.509").generateCertificates(pem);
            if (extra.isEmpty()) {
                throw new IOException("it contains no certificate");
            }
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int count = 0;
            for (X509Certificate root : systemRoots()) {
                store.setCertificateEntry("system-" + count++, root);
            }
            for (Certificate certificate : extra) {
                store.setCertificateEntry("configured-" + count++, certificate);
            }
            return new TrustedCertificates(trustManagerFactory(store).getTrustManagers());
        } catch (GeneralSecurityException e) {
            throw new IOException("it is not a PEM file of certificates: " + e.getMessage(), e);
        }
    }

    private static X509Certificate[] systemRoots() throws GeneralSecurityException {
        for (TrustManager manager : trustManagerFactory(null).getTrustManagers()) {
            if (manager instanceof X509TrustManager x509) {
                return x509.getAcceptedIssuers();
            }
        }
        return new X509Certificate[0];
    }

    private static TrustManagerFactory trustManagerFactory(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory;
    }

    @Override
    public TrustManager[] trustManagers() {
        return trustManagers.clone();
    }
}
