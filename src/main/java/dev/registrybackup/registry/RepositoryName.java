package dev.registrybackup.registry;

import java.util.regex.Pattern;

/**
 * A repository's name, such as {@code namespace/imagestream}.
 *
 * @param value the name; OCI distribution-spec, "Pulling manifests", {@code <name>}
 */
public record RepositoryName(String value) {
    private static final String COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    private static final Pattern NAME = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*");
    /** docker/distribution reference/regexp.go and normalize.go: a name has at most 255 characters. */
    private static final int MAX_LENGTH = 255;

    /** Throws {@link IllegalArgumentException} for an invalid name. */
    public RepositoryName {
        if (!isValid(value)) {
            throw new IllegalArgumentException("\"%s\" is not a repository name".formatted(value));
        }
    }

    static boolean isValid(String value) {
        return value.length() <= MAX_LENGTH && NAME.matcher(value).matches();
    }

    /** The name as keys have it. */
    @Override
    public String toString() {
        return value;
    }
}
