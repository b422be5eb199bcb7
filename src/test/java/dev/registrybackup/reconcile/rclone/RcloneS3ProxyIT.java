package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.lab.S3ProxyServer;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** rclone on a small store that answers as S3 does. */
@RequiresRealStack
class RcloneS3ProxyIT extends RcloneStoreContract {
    RcloneS3ProxyIT(@TempDir Path scratch) {
        super(scratch, S3ProxyServer.inMemory(256), S3ProxyServer::endpoint, S3ProxyServer::endpoint);
    }
}
