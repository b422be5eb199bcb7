package dev.registrybackup.app.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.FindingCode;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ParseResult;

/**
 * Converts the arguments of one command into requests.
 *
 * @param parsed the arguments
 */
record Arguments(ParseResult parsed) {
    boolean has(String option) {
        return parsed.hasMatchedOption(option);
    }

    Optional<String> text(String option) {
        return Optional.ofNullable(parsed.<String>matchedOptionValue(option, null));
    }

    String id() {
        return parsed.matchedPositionalValue(0, "");
    }

    FindingCode findingCode() {
        String code = require("--code");
        return FindingCode.parse(code)
                .orElseThrow(() -> new IllegalArgumentException(
                        "There are no findings of the code \"%s\": take it from a report".formatted(code)));
    }

    String subject() {
        return require("--subject");
    }

    Instant until() {
        String until = require("--until");
        try {
            return Instant.parse(until);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "--until has to be a time as 2027-01-31T00:00:00Z, not \"%s\"".formatted(until), e);
        }
    }

    private String require(String option) {
        return text(option)
                .orElseThrow(() -> new IllegalArgumentException("Give %s, as a report has it".formatted(option)));
    }

    ObjectNode restoreRequest() {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        request.set("scope", scope());
        text("--at").ifPresent(at -> request.put("at", at));
        target("--target").ifPresent(target -> request.put("target", target));
        text("--mode").ifPresent(mode -> request.put("mode", mode));
        text("--image-streams").ifPresent(route -> request.put("imageStreams", route));
        if (has("--create-namespaces")) {
            request.put("createNamespaces", true);
        }
        return request.put("overwriteTags", has("--overwrite-tags"))
                .put("referrers", has("--referrers"))
                .put("dryRun", has("--dry-run"));
    }

    /** The preflight request of the given restore, or without restore options that of the backup itself. */
    ObjectNode preflightRequest() {
        boolean namesRestore = parsed.matchedOptions().stream()
                .map(option -> option.longestName())
                .anyMatch(name -> !name.equals("--json") && !name.equals("--canary"));
        if (namesRestore && has("--canary")) {
            throw new IllegalArgumentException("--canary is not a restore option: give it alone");
        }
        return namesRestore
                ? restoreRequest()
                : JsonNodeFactory.instance.objectNode().put("canary", has("--canary"));
    }

    ObjectNode verifyRequest() {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        target("--store").ifPresent(store -> request.put("store", store));
        request.set("scope", scope());
        text("--depth").ifPresent(depth -> request.put("depth", depth));
        if (has("--sample")) {
            request.putObject("sample").put("fraction", number("--sample")).put("seed", (long)
                    (has("--seed") ? number("--seed") : 0));
        }
        return request;
    }

    ObjectNode reconcileRequest() {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        text("--acknowledge").ifPresent(alarm -> request.put("acknowledge", alarm));
        return request;
    }

    ObjectNode drillRequest() {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        if (has("--images")) {
            request.put("images", (int) number("--images"));
        }
        return request;
    }

    private double number(String option) {
        try {
            return Double.parseDouble(text(option).orElseThrow());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(option + " needs a number", e);
        }
    }

    /** A directory on the command line is a store too; requests over HTTP cannot name one. */
    private Optional<String> target(String option) {
        if (has("--directory") && has(option)) {
            throw new IllegalArgumentException("Give either --directory or " + option + ", not both");
        }
        return has("--directory") ? Optional.of("directory") : text(option);
    }

    private ObjectNode scope() {
        ObjectNode scope = JsonNodeFactory.instance.objectNode();
        for (String form : List.of("namespace", "repository", "image", "digest")) {
            text("--" + form).ifPresent(value -> scope.put(form, value));
        }
        if (has("--all") || (scope.isEmpty() && parsed.commandSpec().name().equals("verify"))) {
            scope.put("all", true);
        }
        if (scope.size() != 1) {
            throw new IllegalArgumentException(
                    "The scope is missing: give one of --all, --namespace, --repository, --image, --digest");
        }
        return scope;
    }
}
