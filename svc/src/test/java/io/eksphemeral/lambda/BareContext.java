package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** What a function is told of its invocation; what is logged and how much time is left is open. */
public abstract class BareContext implements Context {
  /** Takes a line of the log. */
  protected abstract void log(String message);

  @Override
  public final LambdaLogger getLogger() {
    return new LambdaLogger() {
      @Override
      public void log(String message) {
        BareContext.this.log(message);
      }

      @Override
      public void log(byte[] message) {
        log(new String(message, StandardCharsets.UTF_8));
      }
    };
  }

  @Override
  public final String getAwsRequestId() {
    return "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
  }

  @Override
  public final String getLogGroupName() {
    return "/aws/lambda/CreateClusterFunc";
  }

  @Override
  public final String getLogStreamName() {
    return "2026/11/22/[$LATEST]0123456789abcdef";
  }

  @Override
  public final String getFunctionName() {
    return "CreateClusterFunc";
  }

  @Override
  public final String getFunctionVersion() {
    return "$LATEST";
  }

  @Override
  public final String getInvokedFunctionArn() {
    return "arn:aws:lambda:eu-central-1:123456789012:function:CreateClusterFunc";
  }

  @Override
  public final @Nullable CognitoIdentity getIdentity() {
    return null;
  }

  @Override
  public final @Nullable ClientContext getClientContext() {
    return null;
  }

  @Override
  public final int getMemoryLimitInMB() {
    return 512;
  }
}
