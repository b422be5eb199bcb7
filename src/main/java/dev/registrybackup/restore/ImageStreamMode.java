package dev.registrybackup.restore;

/** How a restore treats the cluster's ImageStreams and Images besides the bucket's objects. */
public enum ImageStreamMode {
    /** Restores only the images that the bucket's own links name. */
    NONE,
    /** Writes the status of each ImageStream as it was: keeps the order and times of a tag's history. */
    STATUS,
    /** Tags each image again, oldest first. Needs no rights outside the namespace; tags get new times. */
    MAPPING,
    /** Writes tag links into the target, for a stock registry to serve; nothing in the cluster. */
    TAG_LINKS;

    /** The name in requests. */
    public String label() {
        return RestoreRequest.label(this);
    }
}
