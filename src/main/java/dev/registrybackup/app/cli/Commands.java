package dev.registrybackup.app.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** The commands and their options, without annotations, which a native executable cannot read. */
final class Commands {
    /** The command that prints the shell's completion. */
    static final String COMPLETION = "completion";

    private Commands() {}

    static CommandLine commands() {
        CommandSpec root = command("registry-backup", "Backs up an image registry, and restores and verifies it.");
        root.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Show the version.")
                .build());
        root.version("registry-backup " + ProductVersion.current());
        add(root, scoped(restore()));
        add(root, scoped(preflight()));
        add(root, command("canary", "Write an object into the registry bucket, and record whether its event came."));
        add(root, scoped(verify()));
        add(root, reconcile());
        add(
                root,
                command("drill", "Restore images chosen at random into a place of their own, verify and remove them.")
                        .addOption(value("--images", "NUMBER", "how many images")));
        add(root, catalog());
        add(root, findings());
        add(root, operation());
        add(root, command(COMPLETION, "Print the completion for bash and zsh."));
        return new CommandLine(root);
    }

    private static void add(CommandSpec parent, CommandSpec command) {
        parent.addSubcommand(command.name(), command);
    }

    static ParseResult last(ParseResult parsed) {
        ParseResult last = parsed;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        return last;
    }

    private static CommandSpec restore() {
        return restoring(command("restore", "Restore what is missing from the target."))
                .addOption(value("--directory", "PATH", "a directory instead of the registry"))
                .addOption(value(
                        "--mode",
                        "MODE",
                        "missing (default), or repair: also replace what is corrupt",
                        "missing",
                        "repair"))
                .addOption(flag("--overwrite-tags", "move tags that point elsewhere"))
                .addOption(flag("--dry-run", "only show what would be done"));
    }

    private static CommandSpec preflight() {
        return restoring(command(
                        "preflight", "Check prerequisites. With restore options: check that this restore can run."))
                .addOption(flag("--canary", "write an object into the registry bucket and wait for its event"));
    }

    private static CommandSpec restoring(CommandSpec command) {
        return command.addOption(value("--at", "INSTANT", "as of this time, UTC: 2026-11-22T13:45:00Z"))
                .addOption(value("--target", "NAME", "a configured target instead of the registry"))
                .addOption(flag("--referrers", "restore signatures and other referrers of an image too"))
                .addOption(value(
                        "--image-streams",
                        "STRATEGY",
                        "ImageStreams too: by status or mapping; or tag-links for a standby",
                        "status",
                        "mapping",
                        "tag-links"))
                .addOption(flag("--create-namespaces", "create namespaces that are missing"));
    }

    private static CommandSpec verify() {
        return command("verify", "Find what is missing or corrupt. Changes nothing.")
                .addOption(value("--store", "NAME", "backup (default), registry, or a configured target"))
                .addOption(value("--directory", "PATH", "a directory instead"))
                .addOption(value(
                        "--depth", "DEPTH", "existence (default), or content: hash every byte", "existence", "content"))
                .addOption(value("--sample", "FRACTION", "hash only this share of the blobs: 0.1 is 10 %"))
                .addOption(value("--seed", "NUMBER", "selects which blobs are sampled"));
    }

    private static CommandSpec reconcile() {
        return command("reconcile", "Compare the registry with the backup by rclone, and copy what is missing.")
                .addOption(value("--acknowledge", "ALARM", "acknowledge this alarm: pruning continues"));
    }

    private static CommandSpec catalog() {
        return command("catalog", "List what the backup has.")
                .addOption(value("--repository", "NAME", "one repository in its current state, image by image"))
                .addOption(value("--after", "NAME", "continue after this repository"))
                .addOption(value("--limit", "NUMBER", "list at most this many repositories"));
    }

    private static CommandSpec operation() {
        CommandSpec operation = command("operation", "Show, cancel or run operations.");
        add(operation, command("list", "List the newest operations."));
        add(operation, named("show", "Show an operation."));
        add(operation, named("cancel", "Cancel an operation."));
        add(operation, named("run", "Run an operation in this process."));
        return operation;
    }

    private static CommandSpec findings() {
        CommandSpec findings = command("findings", "Acknowledge what cannot be fixed now, until a date.");
        add(
                findings,
                command("acknowledge", "Acknowledge a finding: until then verifications report it as ACKNOWLEDGED.")
                        .addOption(value("--code", "CODE", "the finding's code, as the report has it"))
                        .addOption(value("--subject", "SUBJECT", "the finding's subject, as the report has it"))
                        .addOption(value("--until", "INSTANT", "until that time, UTC: 2027-01-31T00:00:00Z")));
        add(findings, command("acknowledged", "List the findings that are acknowledged now."));
        return findings;
    }

    private static CommandSpec scoped(CommandSpec command) {
        return command.addOption(flag("--all", "everything"))
                .addOption(value("--namespace", "NS", "all repositories below NS/"))
                .addOption(value("--repository", "NAME", "one repository"))
                .addOption(value("--image", "IMAGE", "NAME:TAG or NAME@sha256:…"))
                .addOption(value("--digest", "DIGEST", "one blob"));
    }

    private static CommandSpec named(String name, String description) {
        return command(name, description)
                .addPositional(PositionalParamSpec.builder()
                        .paramLabel("ID")
                        .index("0")
                        .arity("1")
                        .required(true)
                        .type(String.class)
                        .description("the operation")
                        .build());
    }

    private static CommandSpec command(String name, String description) {
        CommandSpec command = CommandSpec.create().name(name).addOption(flag("--json", "print JSON on one line"));
        command.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help.")
                .build());
        command.usageMessage().description(description);
        return command;
    }

    private static OptionSpec flag(String name, String description) {
        return OptionSpec.builder(name)
                .type(boolean.class)
                .description(description)
                .build();
    }

    /** An option with a value; the shell completes these candidates. */
    private static OptionSpec value(String name, String label, String description, String... candidates) {
        return OptionSpec.builder(name)
                .type(String.class)
                .paramLabel(label)
                .description(description)
                .completionCandidates(List.of(candidates))
                .build();
    }
}
