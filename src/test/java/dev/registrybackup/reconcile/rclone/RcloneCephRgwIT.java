package dev.registrybackup.reconcile.rclone;

import dev.registrybackup.lab.CephRgw;
import dev.registrybackup.lab.RequiresRealStack;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** rclone on the store that all this is made for. */
@RequiresRealStack
class RcloneCephRgwIT extends RcloneStoreContract {
    RcloneCephRgwIT(@TempDir Path scratch) {
        super(scratch, CephRgw.start(), CephRgw::registryEndpoint, CephRgw::backupEndpoint);
    }
}
