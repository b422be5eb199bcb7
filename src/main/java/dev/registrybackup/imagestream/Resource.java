package dev.registrybackup.imagestream;

/** The kinds of objects of the cluster's API that matter here. */
public enum Resource {
    /** Tags and their history; namespaced. */
    IMAGE_STREAM("image.openshift.io", "v1", "imagestreams", true),
    /** What is posted to add an image to an ImageStream's tag; namespaced. */
    IMAGE_STREAM_MAPPING("image.openshift.io", "v1", "imagestreammappings", true),
    /** An image by its digest. */
    IMAGE("image.openshift.io", "v1", "images", false),
    /** A namespace. */
    NAMESPACE("", "v1", "namespaces", false),
    /** Bounds of what a namespace may hold; namespaced. */
    LIMIT_RANGE("", "v1", "limitranges", true),
    /** The registry operator's configuration; one, called {@code cluster}. */
    REGISTRY_CONFIG("imageregistry.operator.openshift.io", "v1", "configs", false),
    /** What deletes images each night; one, called {@code cluster}. */
    IMAGE_PRUNER("imageregistry.operator.openshift.io", "v1", "imagepruners", false),
    /** From which registries images may come; one, called {@code cluster}. */
    IMAGE_POLICY("config.openshift.io", "v1", "images", false),
    /** The question whether the caller may do something. */
    ACCESS_REVIEW("authorization.k8s.io", "v1", "selfsubjectaccessreviews", false),
    /** The question who a token is of. */
    TOKEN_REVIEW("authentication.k8s.io", "v1", "tokenreviews", false),
    /** The question whether somebody may do something. */
    SUBJECT_REVIEW("authorization.k8s.io", "v1", "subjectaccessreviews", false),
    /** What operations run in; namespaced. */
    JOB("batch", "v1", "jobs", true),
    /** What these are made from; namespaced. */
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

    /** The API group; empty for the core's. */
    public String group() {
        return group;
    }

    /** The version of the group that is spoken here. */
    public String version() {
        return version;
    }

    /** What paths and rights call it. */
    public String plural() {
        return plural;
    }

    /** Whether its objects belong to a namespace. */
    public boolean isNamespaced() {
        return isNamespaced;
    }
}
