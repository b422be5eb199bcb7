package dev.registrybackup.registry;

import java.util.regex.Pattern;

/**
 * A tag's name.
 *
 * @param value the name; OCI distribution-spec, "Pulling manifests", {@code <reference>} as a tag
 */
public record Tag(String value) {
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");

    /** Throws {@link IllegalArgumentException} for an invalid tag. */
    public Tag {
        if (!isValid(value)) {
            throw new IllegalArgumentException("\"%s\" is not a tag".formatted(value));
        }
    }

    static boolean isValid(String value) {
        return TAG.matcher(value).matches();
    }

    /** The tag as keys have it. */
    @Override
    public String toString() {
        return value;
    }
}
