package dev.registrybackup.lab.openshift;

import java.util.Arrays;
import java.util.Optional;

/** The kinds of objects that are served, all in version v1. */
enum Resource {
    NAMESPACES("", "namespaces", "Namespace", false),
    LIMIT_RANGES("", "limitranges", "LimitRange", true),
    CRON_JOBS("batch", "cronjobs", "CronJob", true),
    IMAGE_STREAMS("image.openshift.io", "imagestreams", "ImageStream", true),
    IMAGE_STREAM_MAPPINGS("image.openshift.io", "imagestreammappings", "ImageStreamMapping", true),
    IMAGES("image.openshift.io", "images", "Image", false),
    REGISTRY_CONFIGS("imageregistry.operator.openshift.io", "configs", "Config", false),
    IMAGE_PRUNERS("imageregistry.operator.openshift.io", "imagepruners", "ImagePruner", false),
    IMAGE_SETTINGS("config.openshift.io", "images", "Image", false);

    final String group;
    final String plural;
    final String kind;
    final boolean namespaced;

    Resource(String group, String plural, String kind, boolean namespaced) {
        this.group = group;
        this.plural = plural;
        this.kind = kind;
        this.namespaced = namespaced;
    }

    static Optional<Resource> named(String group, String plural) {
        return Arrays.stream(values())
                .filter(resource -> resource.group.equals(group) && resource.plural.equals(plural))
                .findFirst();
    }

    String apiVersion() {
        return group.isEmpty() ? "v1" : group + "/v1";
    }

    /** As messages name it: {@code imagestreams.image.openshift.io}. */
    String qualified() {
        return group.isEmpty() ? plural : plural + "." + group;
    }

    /** As messages about wrong fields name it: {@code ImageStream.image.openshift.io}. */
    String qualifiedKind() {
        return group.isEmpty() ? kind : kind + "." + group;
    }

    /** Whether it is defined by a CustomResourceDefinition rather than compiled into a server. */
    boolean custom() {
        return this == REGISTRY_CONFIGS || this == IMAGE_PRUNERS || this == IMAGE_SETTINGS;
    }
}
