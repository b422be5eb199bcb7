package dev.registrybackup.registry;

import dev.registrybackup.registry.RegistryPath.BlobData;
import dev.registrybackup.registry.RegistryPath.ExcludedKey;
import dev.registrybackup.registry.RegistryPath.LayerLink;
import dev.registrybackup.registry.RegistryPath.RevisionLink;
import dev.registrybackup.registry.RegistryPath.TagCurrentLink;
import dev.registrybackup.registry.RegistryPath.TagIndexLink;
import dev.registrybackup.registry.RegistryPath.UnknownObject;
import dev.registrybackup.registry.RegistryPath.UploadFile;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The grammar of a registry's bucket, in both directions.
 *
 * <pre>
 * &lt;root directory&gt;/docker/registry/v2/
 *   blobs/&lt;algorithm&gt;/&lt;first two digits&gt;/&lt;hex&gt;/data
 *   repositories/&lt;name&gt;/
 *     _layers/&lt;algorithm&gt;/&lt;hex&gt;/link
 *     _manifests/revisions/&lt;algorithm&gt;/&lt;hex&gt;/link
 *     _manifests/tags/&lt;tag&gt;/current/link
 *     _manifests/tags/&lt;tag&gt;/index/&lt;algorithm&gt;/&lt;hex&gt;/link
 *     _uploads/&lt;uuid&gt;/…
 * </pre>
 *
 * <p>Laws: {@code parse(keyOf(path)).equals(path)}, and {@code keyOf(parse(key)).equals(key)}. Every key parses: one outside the grammar is an {@link UnknownObject}.
 *
 * <p>Source: distribution/distribution {@code registry/storage/paths.go}; the root directory is prefixed by the S3
 * driver, {@code s3-aws/s3.go}, {@code s3Path}.
 */
public final class RegistryLayout {
    /** The prefix of this program's own records in the backup bucket: never among registry keys, and never copied. */
    public static final String METADATA_PREFIX = "registry-backup/";

    private static final String DIGEST = "([a-z0-9]+)/([0-9a-f]+)";
    private static final Pattern BLOB = Pattern.compile("blobs/([a-z0-9]+)/([0-9a-f]{2})/(\\2[0-9a-f]+)/data");
    private static final Pattern REPOSITORY = Pattern.compile("repositories/(.+?)/(_layers|_manifests|_uploads)/(.+)");
    private static final Pattern LAYER = Pattern.compile(DIGEST + "/link");
    private static final Pattern REVISION = Pattern.compile("revisions/" + DIGEST + "/link");
    private static final Pattern TAG_CURRENT = Pattern.compile("tags/([^/]+)/current/link");
    private static final Pattern TAG_INDEX = Pattern.compile("tags/([^/]+)/index/" + DIGEST + "/link");

    private final String rootPath;
    private final String registryPath;

    /**
     * The layout under a root directory.
     *
     * @param rootDirectory the registry's setting of that name, empty for none; slashes at its ends mean nothing
     */
    public RegistryLayout(String rootDirectory) {
        String stripped = rootDirectory.replaceAll("^/+|/+$", "");
        this.rootPath = stripped.isEmpty() ? "" : stripped + "/";
        this.registryPath = rootPath + "docker/registry/v2/";
    }

    /** Every registry key starts with this; ends in a slash. */
    public String prefix() {
        return registryPath;
    }

    /** Every key inside the root directory starts with this; empty without one, else ends in a slash. */
    public String rootPrefix() {
        return rootPath;
    }

    /** The key of every link starts with this; ends in a slash. */
    public String repositoriesPrefix() {
        return registryPath + "repositories/";
    }

    /** The key of every blob starts with this; ends in a slash. */
    public String blobsPrefix() {
        return registryPath + "blobs/";
    }

    /** Parses a key. */
    public RegistryPath parse(String key) {
        if (!key.startsWith(rootPath) || key.startsWith(METADATA_PREFIX) || key.isEmpty() || key.endsWith("/")) {
            return new ExcludedKey(key);
        }
        if (!key.startsWith(registryPath)) {
            return new UnknownObject(key);
        }
        String rest = key.substring(registryPath.length());
        return parseBlobPath(rest).or(() -> parseRepositoryPath(key, rest)).orElseGet(() -> new UnknownObject(key));
    }

    /** The key of the path. */
    public String keyOf(RegistryPath path) {
        return switch (path.kind()) {
            case BLOB -> blobKey(((BlobData) path).digest());
            case LAYER_LINK -> repositoryKey((LayerLink) path) + "/_layers" + digestSuffix((LayerLink) path) + "/link";
            case REVISION_LINK ->
                repositoryKey((RevisionLink) path) + "/_manifests/revisions" + digestSuffix((RevisionLink) path)
                        + "/link";
            case TAG_INDEX_LINK ->
                repositoryKey((TagIndexLink) path) + "/_manifests/tags/" + ((TagIndexLink) path).tag() + "/index"
                        + digestSuffix((TagIndexLink) path) + "/link";
            case TAG_CURRENT_LINK ->
                repositoryKey((TagCurrentLink) path) + "/_manifests/tags/" + ((TagCurrentLink) path).tag()
                        + "/current/link";
            case UPLOAD -> ((UploadFile) path).key();
            case UNKNOWN -> ((UnknownObject) path).key();
            case EXCLUDED -> ((ExcludedKey) path).key();
        };
    }

    /** The key of a blob, as {@link #keyOf} has it. */
    public String blobKey(Digest digest) {
        String hex = digest.hex();
        return registryPath + "blobs/" + digest.algorithm().label() + "/" + hex.substring(0, 2) + "/" + hex + "/data";
    }

    private String repositoryKey(RegistryPath.Link link) {
        return registryPath + "repositories/" + link.repository();
    }

    private static String digestSuffix(RegistryPath.DigestLink link) {
        return "/" + link.digest().algorithm().label() + "/" + link.digest().hex();
    }

    private static Optional<RegistryPath> parseBlobPath(String rest) {
        Matcher matcher = BLOB.matcher(rest);
        return matcher.matches()
                ? parseDigest(matcher.group(1), matcher.group(3)).map(BlobData::new)
                : Optional.empty();
    }

    private static Optional<RegistryPath> parseRepositoryPath(String key, String rest) {
        Matcher matcher = REPOSITORY.matcher(rest);
        if (!matcher.matches() || !RepositoryName.isValid(matcher.group(1))) {
            return Optional.empty();
        }
        RepositoryName repository = new RepositoryName(matcher.group(1));
        String inside = matcher.group(3);
        return switch (matcher.group(2)) {
            case "_uploads" -> Optional.of(new UploadFile(key));
            case "_layers" ->
                parseWith(
                        LAYER,
                        inside,
                        found -> parseDigest(found.group(1), found.group(2))
                                .map(digest -> new LayerLink(repository, digest)));
            default -> parseManifestPath(repository, inside);
        };
    }

    private static Optional<RegistryPath> parseManifestPath(RepositoryName repository, String inside) {
        return parseWith(
                        REVISION,
                        inside,
                        found -> parseDigest(found.group(1), found.group(2))
                                .map(digest -> (RegistryPath) new RevisionLink(repository, digest)))
                .or(() -> parseWith(
                        TAG_CURRENT,
                        inside,
                        found -> parseTag(found.group(1)).map(tag -> new TagCurrentLink(repository, tag))))
                .or(() -> parseWith(
                        TAG_INDEX,
                        inside,
                        found -> parseTag(found.group(1))
                                .flatMap(tag -> parseDigest(found.group(2), found.group(3))
                                        .map(digest -> new TagIndexLink(repository, tag, digest)))));
    }

    private static Optional<RegistryPath> parseWith(
            Pattern pattern, String text, Function<Matcher, Optional<? extends RegistryPath>> path) {
        Matcher matcher = pattern.matcher(text);
        return matcher.matches() ? path.apply(matcher).map(found -> (RegistryPath) found) : Optional.empty();
    }

    private static Optional<Digest> parseDigest(String label, String hex) {
        return DigestAlgorithm.forLabel(label)
                .filter(algorithm -> hex.length() == algorithm.hexLength())
                .map(algorithm -> new Digest(algorithm, hex));
    }

    private static Optional<Tag> parseTag(String name) {
        return Tag.isValid(name) ? Optional.of(new Tag(name)) : Optional.empty();
    }
}
