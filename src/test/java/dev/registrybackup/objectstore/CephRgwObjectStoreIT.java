package dev.registrybackup.objectstore;

import dev.registrybackup.lab.CephRgw;
import dev.registrybackup.lab.RequiresRealStack;

/** The S3 adapter on Ceph RGW. */
@RequiresRealStack
class CephRgwObjectStoreIT extends S3ObjectStoreContract {
    CephRgwObjectStoreIT() {
        super(CephRgw.start(), CephRgw::registryEndpoint);
    }
}
