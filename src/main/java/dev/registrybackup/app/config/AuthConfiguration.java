package dev.registrybackup.app.config;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Optional;

/** Who may call the on-demand functions and see the page. */
@ConfigMapping(prefix = "auth")
public interface AuthConfiguration {
    /** Who says who a caller is: `kubernetes`, its API by TokenReview and SubjectAccessReview; `token`, whoever has `auth.token`; `auto`: `kubernetes` on a cluster, else `token`. */
    @WithDefault("auto")
    String mode();

    /** The bearer token that callers send where `auth.mode` is not `kubernetes`; 16 characters or more. Without it only calls from the same machine are served, and none where Knative's proxy makes them. */
    Optional<String> token();
}
