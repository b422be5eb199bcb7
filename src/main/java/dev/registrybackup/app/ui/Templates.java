package dev.registrybackup.app.ui;

import dev.registrybackup.registry.DigestAlgorithm;
import io.quarkus.qute.Engine;
import io.quarkus.qute.HtmlEscaper;
import io.quarkus.qute.TemplateInstance;
import io.quarkus.qute.ValueResolver;
import io.quarkus.qute.Variant;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Renders the templates under {@code page/} from maps, lists and strings. Always escapes data. Safe for use by many
 * threads.
 */
final class Templates {
    private static final List<String> NAMES = List.of(
            "layout",
            "moment",
            "level",
            "failures",
            "chart",
            "find",
            "catalogtable",
            "operationtable",
            "restore",
            "overview",
            "repositories",
            "repository",
            "image",
            "operations",
            "operation",
            "login",
            "message");
    private static final Pattern STYLE = Pattern.compile("<style>(.*?)</style>", Pattern.DOTALL);

    private final Engine engine;
    private final String styleHash;

    Templates() {
        engine = Engine.builder()
                .addDefaults()
                // A name is the map's field, even if maps have a property of the same name.
                .addValueResolver(ValueResolver.builder()
                        .priority(100)
                        .appliesTo(context ->
                                context.getBase() instanceof Map<?, ?> map && map.containsKey(context.getName()))
                        .resolveSync(context -> ((Map<?, ?>) context.getBase()).get(context.getName()))
                        .build())
                .addResultMapper(new HtmlEscaper(List.of(Variant.TEXT_HTML)))
                .removeStandaloneLines(true)
                .build();
        Variant html = Variant.forContentType(Variant.TEXT_HTML);
        for (String name : NAMES) {
            engine.putTemplate(name, engine.parse(text(name), html, name));
        }
        Matcher inline = STYLE.matcher(render("message", Map.of("title", "", "message", "", "isLoggedIn", false)));
        byte[] style = (inline.find() ? inline.group(1) : "").getBytes(StandardCharsets.UTF_8);
        styleHash = Base64.getEncoder()
                .encodeToString(DigestAlgorithm.SHA256.newMessageDigest().digest(style));
    }

    private static String text(String name) {
        String path = "/page/" + name + ".html";
        try (InputStream file = Templates.class.getResourceAsStream(path)) {
            if (file == null) {
                throw new IllegalStateException("A file of the program is missing: " + path);
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("Failed to read the program's own file " + path, e);
        }
    }

    /** Renders the template of this name; all that it names must be in the data. */
    String render(String name, Map<String, ?> data) {
        TemplateInstance page = engine.getTemplate(name).instance();
        data.forEach(page::data);
        return page.render();
    }

    String styleHash() {
        return styleHash;
    }
}
