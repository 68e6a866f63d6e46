package io.eksphemeral.aws;

import java.util.regex.Pattern;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** Why a call to AWS failed, in words that may stand in a log, a record or a mail. */
final class AwsErrors {
  private static final int LONGEST = 400;

  /**
   * Refusals of a signature can quote the header that carried it, or the key's id (promise P8). The
   * error's code says all that one needs to know.
   */
  private static final Pattern ABOUT_KEYS =
      Pattern.compile("signature|credential=|authorization|access key", Pattern.CASE_INSENSITIVE);

  private AwsErrors() {}

  /**
   * One line, at most some 400 characters: the error's code, message and HTTP status. The same
   * error gives the same line each time, so that who notes it can see that it is no news.
   */
  static String of(SdkException e) {
    String why = e instanceof AwsServiceException refusal ? refused(refusal) : said(e);
    String line = why.replaceAll("\\s+", " ").strip();
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST - 1) + "…";
  }

  /** The same with the request's id, which AWS's support asks for: for logs. */
  static String inFull(SdkException e) {
    return e instanceof AwsServiceException refusal && refusal.requestId() != null
        ? "%s, request %s".formatted(of(e), refusal.requestId())
        : of(e);
  }

  private static String refused(AwsServiceException e) {
    String what = code(e);
    AwsErrorDetails details = e.awsErrorDetails();
    String message = details == null ? null : details.errorMessage();
    if (message != null && !message.isBlank() && !ABOUT_KEYS.matcher(message).find()) {
      what += ": " + message;
    }
    return "%s (HTTP %d)".formatted(what, e.statusCode());
  }

  private static String said(SdkException e) {
    String message = e.getMessage();
    return message == null || ABOUT_KEYS.matcher(message).find()
        ? e.getClass().getSimpleName()
        : message;
  }

  /** The error's code as AWS names it; empty text if it gave none. */
  static String code(AwsServiceException e) {
    AwsErrorDetails details = e.awsErrorDetails();
    String code = details == null ? null : details.errorCode();
    return code == null ? "" : code;
  }
}
