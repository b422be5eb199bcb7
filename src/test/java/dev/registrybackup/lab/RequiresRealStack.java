package dev.registrybackup.lab;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Tests that need a real Ceph, registry and their clients on the PATH.
 *
 * <p>Where programs are missing they are skipped, and their names said; with {@code REAL_STACK=required} in the
 * environment they fail instead, so that a build which is meant to run them can't lose them silently.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(RealStack.class)
public @interface RequiresRealStack {
    /** The programs that are needed; without any, all of the stack. */
    String[] value() default {};
}
