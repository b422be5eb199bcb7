package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.Digest;

/**
 * Which blobs are hashed where not all are. The same seed takes the same blobs again, whatever else the store holds;
 * another seed takes others.
 *
 * @param fraction what part of them, above 0 and up to 1
 * @param seed which part
 */
public record Sample(double fraction, long seed) {
    private static final int HASH_DIGITS = 16;
    private static final double HASH_RANGE = 0x1p53;

    /** Refuses what is no fraction, with {@link IllegalArgumentException}. */
    public Sample {
        if (!(fraction > 0 && fraction <= 1)) {
            throw new IllegalArgumentException(
                    "\"fraction\" of \"sample\" has to be above 0 and at most 1, not " + fraction);
        }
    }

    /** Whether the blob belongs to it. */
    public boolean includes(Digest digest) {
        long drawn = mix(Long.parseUnsignedLong(digest.hex().substring(0, HASH_DIGITS), 16) ^ mix(seed));
        return (drawn >>> 11) / HASH_RANGE < fraction;
    }

    /** The finalizer of MurmurHash3: each bit of the result depends on each bit given. */
    private static long mix(long bits) {
        long mixed = (bits ^ (bits >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }

    /** The form in which requests and records have it. */
    public ObjectNode json() {
        return JsonNodeFactory.instance.objectNode().put("fraction", fraction).put("seed", seed);
    }

    static Sample parse(JsonNode json) {
        VerifyRequest.requireKnownFields("\"sample\"", json, "fraction", "seed");
        JsonNode fraction = json.path("fraction");
        JsonNode seed = json.path("seed");
        if (!fraction.isNumber()) {
            throw new IllegalArgumentException("\"sample\" has to have a number \"fraction\", above 0 and at most 1");
        }
        if (!seed.isMissingNode() && !(seed.isIntegralNumber() && seed.canConvertToLong())) {
            throw new IllegalArgumentException("\"seed\" of \"sample\" has to be a whole number, not " + seed);
        }
        return new Sample(fraction.doubleValue(), seed.asLong(0));
    }
}
