package io.eksphemeral.lambda;

import com.amazonaws.services.lambda.runtime.ClientContext;
import com.amazonaws.services.lambda.runtime.CognitoIdentity;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.LambdaLogger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A {@link Context} that keeps what is logged, and has as much time left as a test says. */
final class RecordingContext implements Context {
  private final List<String> log = new ArrayList<>();
  private int remaining = 300_000;

  List<String> log() {
    return List.copyOf(log);
  }

  void forget() {
    log.clear();
  }

  void setRemaining(int milliseconds) {
    remaining = milliseconds;
  }

  @Override
  public String getAwsRequestId() {
    return "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
  }

  @Override
  public int getRemainingTimeInMillis() {
    return remaining;
  }

  @Override
  public LambdaLogger getLogger() {
    return new LambdaLogger() {
      @Override
      public void log(String message) {
        log.add(message);
      }

      @Override
      public void log(byte[] message) {
        log.add(new String(message, StandardCharsets.UTF_8));
      }
    };
  }

  @Override
  public String getLogGroupName() {
    return "/aws/lambda/CreateClusterFunc";
  }

  @Override
  public String getLogStreamName() {
    return "2026/11/22/[$LATEST]0123456789abcdef";
  }

  @Override
  public String getFunctionName() {
    return "CreateClusterFunc";
  }

  @Override
  public String getFunctionVersion() {
    return "$LATEST";
  }

  @Override
  public String getInvokedFunctionArn() {
    return "arn:aws:lambda:eu-central-1:123456789012:function:CreateClusterFunc";
  }

  @Override
  public @Nullable CognitoIdentity getIdentity() {
    return null;
  }

  @Override
  public @Nullable ClientContext getClientContext() {
    return null;
  }

  @Override
  public int getMemoryLimitInMB() {
    return 512;
  }
}
