package dev.registrybackup.imagestream;

/** The kinds of objects in the cluster's API that are used here. */
public enum Resource {
    /** Tags and their history; namespaced. */
    IMAGE_STREAM("image.openshift.io", "v1", "imagestreams", true),
    /** A request to add an image to an ImageStream's tag; namespaced. */
    IMAGE_STREAM_MAPPING("image.openshift.io", "v1", "imagestreammappings", true),
    /** An image, named by its digest. */
    IMAGE("image.openshift.io", "v1", "images", false),
    /** A namespace. */
    NAMESPACE("", "v1", "namespaces", false),
    /** The limits for objects in a namespace; namespaced. */
    LIMIT_RANGE("", "v1", "limitranges", true),
    /** The registry operator's configuration; a single object, {@code cluster}. */
    REGISTRY_CONFIG("imageregistry.operator.openshift.io", "v1", "configs", false),
    /** The configuration of the nightly image pruner; a single object, {@code cluster}. */
    IMAGE_PRUNER("imageregistry.operator.openshift.io", "v1", "imagepruners", false),
    /** The registries that images may be imported from; a single object, {@code cluster}. */
    IMAGE_POLICY("config.openshift.io", "v1", "images", false),
    /** Asks whether the caller has a right. */
    ACCESS_REVIEW("authorization.k8s.io", "v1", "selfsubjectaccessreviews", false),
    /** Asks whose token it is. */
    TOKEN_REVIEW("authentication.k8s.io", "v1", "tokenreviews", false),
    /** Asks whether somebody has a right. */
    SUBJECT_REVIEW("authorization.k8s.io", "v1", "subjectaccessreviews", false),
    /** What an operation runs in; namespaced. */
    JOB("batch", "v1", "jobs", true),
    /** The template for Jobs; namespaced. */
    CRON_JOB("batch", "v1", "cronjobs", true);

    private final String group;
    private final String version;
    private final String plural;
    private final boolean isNamespaced;

    Resource(String group, String version, String plural, boolean isNamespaced) {
        this.group = group;
        this.version = version;
        this.plural = plural;
        this.isNamespaced = isNamespaced;
    }

    /** The API group; empty for the core group. */
    public String group() {
        return group;
    }

    /** The version of the group that is used. */
    public String version() {
        return version;
    }

    /** The name in paths and rights. */
    public String plural() {
        return plural;
    }

    /** Whether its objects are in a namespace. */
    public boolean isNamespaced() {
        return isNamespaced;
    }
}
