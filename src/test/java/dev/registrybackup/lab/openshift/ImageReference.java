package dev.registrybackup.lab.openshift;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A pull specification in its parts, absent ones empty: openshift/library-go pkg/image/reference/reference.go, Parse. */
record ImageReference(String registry, String namespace, String name, String tag, String id) {
    private static final Pattern FORM = Pattern.compile("(?<name>(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?"
            + "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)"
            + "(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
            + "(?:@(?<id>[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?");

    /** Refuses anything else with an {@link IllegalArgumentException} that says it in the parser's words. */
    static ImageReference parse(String text) {
        Matcher parts = FORM.matcher(text);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    FORM.matcher(text.toLowerCase(Locale.ROOT)).matches()
                            ? "repository name must be lowercase"
                            : "invalid reference format");
        }
        String path = parts.group("name");
        int slash = path.indexOf('/');
        String first = slash < 0 ? "" : path.substring(0, slash);
        boolean host = first.contains(".") || first.contains(":") || first.equals("localhost");
        String registry = host ? first : "";
        String rest = host ? path.substring(slash + 1) : path;
        int next = rest.indexOf('/');
        return new ImageReference(
                registry,
                next < 0 ? "" : rest.substring(0, next),
                rest.substring(next + 1),
                orEmpty(parts.group("tag")),
                orEmpty(parts.group("id")));
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    ImageReference in(String otherNamespace, String otherName) {
        return new ImageReference(registry, otherNamespace, otherName, tag, id);
    }

    /** Which repository it is in, with Docker's defaults: DockerClientDefaults, AsRepository. */
    String repository() {
        String host = registry.isEmpty() ? "docker.io" : registry;
        String space = namespace.isEmpty() && host.endsWith("docker.io") ? "library" : namespace;
        return new ImageReference(host, space, name, "", "").toString();
    }

    /** The parts as one text again: Exact, in which an identifier stands instead of a tag. */
    @Override
    public String toString() {
        String end = id.isEmpty() ? (tag.isEmpty() ? "" : ":" + tag) : "@" + id;
        return (registry.isEmpty() ? "" : registry + "/") + (namespace.isEmpty() ? "" : namespace + "/") + name + end;
    }
}
