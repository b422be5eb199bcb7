package dev.registrybackup.objectstore;

import dev.registrybackup.lab.S3ProxyServer;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;

/** The S3 adapter on S3Proxy. */
class S3ProxyObjectStoreIT extends S3ObjectStoreContract {
    S3ProxyObjectStoreIT() {
        super(S3ProxyServer.inMemory(512), S3ProxyServer::endpoint);
    }

    @Override
    @Test
    @Disabled("S3Proxy computes its signature of a path whose double slashes are one")
    void aKeyMayHaveAnEmptySegment() {
        super.aKeyMayHaveAnEmptySegment();
    }

    @Override
    @Test
    @Disabled("S3Proxy's store in memory is a file system: what is a directory is no file")
    void aKeyMayBeTheBeginningOfAnother() {
        super.aKeyMayBeTheBeginningOfAnother();
    }

    @Override
    @Test
    @Disabled("S3Proxy answers 404 NoSuchVersion, where S3 and Ceph RGW answer 204")
    void removingAVersionThatIsGoneIsNoProblem() {
        super.removingAVersionThatIsGoneIsNoProblem();
    }
}
