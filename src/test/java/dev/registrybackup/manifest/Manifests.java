package dev.registrybackup.manifest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The documents under knative/, as they are and as kubectl renders them. */
final class Manifests {
    static final Path FOLDER = Path.of("knative");

    private static final YAMLMapper YAML = new YAMLMapper();

    private Manifests() {}

    /** One document, and where it is from. */
    record Document(String origin, JsonNode content) {
        String kind() {
            return content.path("kind").asText();
        }

        String name() {
            return content.at("/metadata/name").asText();
        }

        boolean isKustomize() {
            return content.path("apiVersion").asText().startsWith("kustomize.config.k8s.io/");
        }

        boolean isService() {
            return kind().equals("Service")
                    && content.path("apiVersion").asText().startsWith("serving.knative.dev/");
        }

        /** What its pods are made from; missing if it makes none. */
        JsonNode podSpec() {
            return content.at(
                    kind().equals("CronJob") ? "/spec/jobTemplate/spec/template/spec" : "/spec/template/spec");
        }

        /** The Secrets that are made of literals in it. */
        List<String> generatedSecrets() {
            return content.path("secretGenerator").findValuesAsText("name");
        }

        @Override
        public String toString() {
            return origin + " " + kind() + "/" + name();
        }
    }

    /** All documents of all files. */
    static List<Document> sources() {
        try (Stream<Path> all = Files.walk(FOLDER)) {
            List<Document> documents = new ArrayList<>();
            for (Path file : all.filter(path -> path.toString().endsWith(".yaml"))
                    .sorted()
                    .toList()) {
                documents.addAll(parsed(file.toString(), Files.readString(file)));
            }
            return documents;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Document> parsed(String origin, String text) throws IOException {
        try (MappingIterator<JsonNode> documents =
                YAML.readerFor(JsonNode.class).readValues(text)) {
            return documents.readAll().stream()
                    .filter(document -> !document.isEmpty())
                    .map(document -> new Document(origin, document))
                    .toList();
        }
    }

    /** What `kubectl kustomize` makes of a folder. */
    static List<Document> rendered(Path folder) throws IOException, InterruptedException {
        Path output = Files.createTempFile("rendered", ".yaml");
        try {
            Process process = new ProcessBuilder("kubectl", "kustomize", folder.toString())
                    .redirectOutput(output.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            if (process.waitFor() != 0) {
                throw new IOException("kubectl kustomize " + folder + " exited with " + process.exitValue());
            }
            return parsed("rendered " + folder, Files.readString(output));
        } finally {
            Files.delete(output);
        }
    }

    /** Whether there is a kubectl with kustomize 4 or newer. */
    static boolean canRender() {
        try {
            Process process = new ProcessBuilder("kubectl", "version", "--client")
                    .redirectErrorStream(true)
                    .start();
            String version =
                    new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            return process.waitFor() == 0 && version.matches("(?s).*Kustomize Version: v([4-9]|\\d\\d)\\..*");
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
