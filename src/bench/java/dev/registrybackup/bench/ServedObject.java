package dev.registrybackup.bench;

import dev.registrybackup.registry.LinkContent;
import dev.registrybackup.registry.RegistryLayout;
import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.DigestLink;

/**
 * An object in a listing.
 *
 * @param size its bytes
 * @param etag without quotes
 */
record ServedObject(long size, String etag) {
    /** The size from which the registry writes a blob in parts. */
    private static final long IN_PARTS = 32 << 20;

    private static final int HEX = 16;
    private static final int MD5_LENGTH = 32;

    /** The object of a generated key: derived from the key alone, so the same in both stores. */
    static ServedObject generated(RegistryLayout layout, String key) {
        if (layout.parse(key) instanceof DigestLink link) {
            byte[] content = LinkContent.of(link.digest());
            return new ServedObject(content.length, LinkContent.md5Hex(content));
        }
        if (layout.parse(key) instanceof BlobData blob) {
            String hex = blob.digest().hex();
            // One in sixteen is large.
            boolean inParts = hex.charAt(2) == '0';
            long size = Long.parseLong(hex.substring(3, 8), HEX) + (inParts ? IN_PARTS : 1);
            String md5 = hex.substring(hex.length() - MD5_LENGTH);
            return new ServedObject(size, inParts ? md5 + "-2" : md5);
        }
        throw new IllegalArgumentException("No such key was generated: " + key);
    }

    /** A small object with that content. */
    static ServedObject of(byte[] content) {
        return new ServedObject(content.length, LinkContent.md5Hex(content));
    }
}
