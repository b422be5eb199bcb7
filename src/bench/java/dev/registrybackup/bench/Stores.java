package dev.registrybackup.bench;

import dev.registrybackup.lab.CephRgw;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import dev.registrybackup.lab.S3ProxyServer;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import software.amazon.awssdk.http.apache.ApacheHttpClient;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A store with the registry's bucket and the backup's, both without versions, and a client for each with as many
 * connections as any load here has.
 */
record Stores(String name, S3Endpoint registry, S3Endpoint backup, S3Client reading, S3Client writing, Runnable end)
        implements AutoCloseable {
    private static final int CONNECTIONS = 128;
    private static final int HEAP_MEBIBYTES = 1536;
    private static final String GATEWAY = "radosgw";

    /** S3Proxy with everything in its heap. */
    static Stores s3Proxy() {
        S3ProxyServer server = S3ProxyServer.inMemory(HEAP_MEBIBYTES);
        return with("S3Proxy", server.endpoint(), server.endpoint(), server::close);
    }

    /** Ceph RGW, whose storage daemon keeps everything in memory too. */
    static Stores cephRgw() {
        CephRgw gateway = CephRgw.start();
        return with("Ceph RGW", gateway.registryEndpoint(), gateway.backupEndpoint(), gateway::close);
    }

    /** Whether a Ceph RGW is installed. */
    static boolean hasCephRgw() {
        String folders = String.valueOf(System.getenv("PATH"));
        return Arrays.stream(folders.split(File.pathSeparator, -1))
                .filter(folder -> !folder.isEmpty())
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, GATEWAY)));
    }

    private static Stores with(String name, S3Endpoint registry, S3Endpoint backup, Runnable end) {
        Stores stores = new Stores(name, registry, backup, client(registry), client(backup), end);
        stores.reading.createBucket(request -> request.bucket(Product.REGISTRY_BUCKET));
        stores.writing.createBucket(request -> request.bucket(Product.BACKUP_BUCKET));
        return stores;
    }

    private static S3Client client(S3Endpoint endpoint) {
        return endpoint.clientBuilder()
                // As the product does with small objects: faster than chunk by chunk.
                .serviceConfiguration(configuration -> configuration.chunkedEncodingEnabled(false))
                .httpClientBuilder(ApacheHttpClient.builder().maxConnections(CONNECTIONS))
                .build();
    }

    @Override
    public void close() {
        reading.close();
        writing.close();
        end.run();
    }
}
