namespace Strongroom.Cli;

/// <summary>A command can't do what was asked. The message says why and what to do, in words for the person who typed it.</summary>
internal sealed class CommandException(string message) : Exception(message);
