/** The ports of the control plane, on S3, SES and ECS. */
@NullMarked
package io.eksphemeral.aws;

import org.jspecify.annotations.NullMarked;
