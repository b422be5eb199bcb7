package dev.registrybackup.lab.openshift;

import dev.registrybackup.registry.Digest;
import dev.registrybackup.registry.DigestAlgorithm;
import java.nio.charset.StandardCharsets;

/** An image of one layer of so many bytes. */
record Made(String digest, String manifest, String config, String configDigest) {
    static Made of(int size) {
        String config =
                "{\"architecture\":\"arm64\",\"created\":\"2026-01-01T00:00:00Z\",\"config\":{\"Env\":[\"A=b\"]}}";
        String configDigest = digestOf(config);
        String manifest = """
                {"schemaVersion":2,"mediaType":"%s","config":{"digest":"%s","size":%d},\
                "layers":[{"mediaType":"layer","digest":"%s","size":%d}]}""".formatted(
                        ImageContent.DOCKER_MANIFEST, configDigest, config.length(), digestOf("layer" + size), size);
        return new Made(digestOf(manifest), manifest, config, configDigest);
    }

    void pushTo(OpenShiftApi api, String namespace, String stream, String tag) {
        api.push(namespace, stream, tag, digest, bytes(manifest), ImageContent.DOCKER_MANIFEST, bytes(config));
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String digestOf(String text) {
        return Digest.of(DigestAlgorithm.SHA256, bytes(text)).toString();
    }
}
