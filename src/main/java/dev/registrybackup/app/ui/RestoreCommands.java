package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The commands that restore what a page shows, for a POSIX shell.
 *
 * @param restoreUrl the URL of the restore service
 * @param isOpenShift whether ImageStreams can be restored too
 */
record RestoreCommands(String restoreUrl, boolean isOpenShift) {
    private static final Pattern SAFE_UNQUOTED = Pattern.compile("[A-Za-z0-9._/:@=+-]+");

    /** The commands to restore everything. */
    Map<String, Object> all() {
        return of("everything", "--all", JsonNodeFactory.instance.objectNode().put("all", true));
    }

    /** The commands to restore a repository. */
    Map<String, Object> repository(String name) {
        return of(
                "repository " + name,
                "--repository " + quoted(name),
                JsonNodeFactory.instance.objectNode().put("repository", name));
    }

    /** The commands to restore one image, by tag or digest. */
    Map<String, Object> image(String reference) {
        return of(
                "image " + reference,
                "--image " + quoted(reference),
                JsonNodeFactory.instance.objectNode().put("image", reference));
    }

    private Map<String, Object> of(String what, String option, ObjectNode scope) {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        request.set("scope", scope);
        String address = restoreUrl.endsWith("/") ? restoreUrl + "restore" : restoreUrl + "/restore";
        return Map.of(
                "what",
                what,
                "curl",
                "curl -X POST -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' -d %s %s"
                        .formatted(quoted(request.toString()), quoted(address)),
                "line",
                "registry-backup restore " + option,
                "isOpenShift",
                isOpenShift);
    }

    /** Quotes a text as one word for the shell. */
    static String quoted(String text) {
        return SAFE_UNQUOTED.matcher(text).matches() ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
