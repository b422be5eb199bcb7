package dev.registrybackup.reconcile.rclone;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.CephRgw;
import dev.registrybackup.lab.RequiresRealStack;
import dev.registrybackup.reconcile.rclone.Shard.CompareBy;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** rclone on the store that all this is made for. */
@RequiresRealStack
class RcloneCephRgwIT extends RcloneStoreContract {
    RcloneCephRgwIT(@TempDir Path scratch) {
        super(scratch, CephRgw.start(), CephRgw::registryEndpoint, CephRgw::backupEndpoint);
    }

    /** The ETag of what was uploaded in parts is no MD5, and rclone then counts sizes alone as the same. */
    @Test
    void multipartObjectsCannotBeComparedByContent() {
        // When
        Comparison comparison = compare("other/blobs/", CompareBy.CONTENT);

        // Then
        assertFalse(comparison.isReliable());
        assertTrue(comparison.problem().contains("1 hashes could not be checked"), comparison.problem());
    }
}
