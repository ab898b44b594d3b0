using Strongroom.Cli;

return await CommandLine.RunAsync(args, Terminal.OfProcess());
