package dev.registrybackup.registry;

/** A parsed key of the registry bucket. One record per form of the layout drawn in {@link RegistryLayout}. */
public sealed interface RegistryPath {
    /** Which form it is, for exhaustive switches and as a label. */
    Kind kind();

    /** The forms a key can have. */
    enum Kind {
        BLOB("blob"),
        LAYER_LINK("layer-link"),
        REVISION_LINK("revision-link"),
        TAG_INDEX_LINK("tag-index-link"),
        TAG_CURRENT_LINK("tag-current-link"),
        UPLOAD("upload"),
        UNKNOWN("unknown-object"),
        EXCLUDED("excluded");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        /** The name for logs, metrics and records. */
        public String label() {
            return label;
        }
    }

    /** A link: a small object whose content names a digest. */
    sealed interface Link extends RegistryPath permits DigestLink, TagCurrentLink {
        /** The repository it belongs to. */
        RepositoryName repository();
    }

    /** A link whose path names the digest too, so that its content is known without reading it. */
    sealed interface DigestLink extends Link permits LayerLink, RevisionLink, TagIndexLink {
        /** The digest in the path. */
        Digest digest();
    }

    /** The bytes of a layer, config or manifest. */
    record BlobData(Digest digest) implements RegistryPath {
        @Override
        public Kind kind() {
            return Kind.BLOB;
        }
    }

    /** A repository's right to a layer or config. */
    record LayerLink(RepositoryName repository, Digest digest) implements DigestLink {
        @Override
        public Kind kind() {
            return Kind.LAYER_LINK;
        }
    }

    /** A repository's manifest: the commit point of a push in storage. */
    record RevisionLink(RepositoryName repository, Digest digest) implements DigestLink {
        @Override
        public Kind kind() {
            return Kind.REVISION_LINK;
        }
    }

    /** One entry of a tag's history. In key order, a tag comes right before its history. */
    record TagIndexLink(RepositoryName repository, Tag tag, Digest digest) implements DigestLink {
        /** The tag whose history this is an entry of. */
        public TagCurrentLink current() {
            return new TagCurrentLink(repository, tag);
        }

        @Override
        public Kind kind() {
            return Kind.TAG_INDEX_LINK;
        }
    }

    /** What a tag points to now: the one mutable key of the layout. */
    record TagCurrentLink(RepositoryName repository, Tag tag) implements Link {
        @Override
        public Kind kind() {
            return Kind.TAG_CURRENT_LINK;
        }
    }

    /** A file of a running upload: deleted seconds later, never read, never copied. */
    record UploadFile(String key) implements RegistryPath {
        @Override
        public Kind kind() {
            return Kind.UPLOAD;
        }
    }

    /** An object in the root directory outside the layout. */
    record UnknownObject(String key) implements RegistryPath {
        @Override
        public Kind kind() {
            return Kind.UNKNOWN;
        }
    }

    /** An object that is never copied: outside the root directory, our own bookkeeping, or a directory marker. */
    record ExcludedKey(String key) implements RegistryPath {
        @Override
        public Kind kind() {
            return Kind.EXCLUDED;
        }
    }
}
